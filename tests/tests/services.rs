//! Seven services in the shapes of their APIs: fetched page by page, created row by row, deleted again.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use sequor_tests::postgres::{self, Database};
use sequor_tests::program::{Project, Ran};
use sequor_tests::service::Service;
use sequor_tests::services;

/// The project against one service that stands in for `url`.
struct World {
    project: Project,
    database: Database<'static>,
    service: Service,
    url: &'static str,
}

impl World {
    fn new(url: &'static str, service: Service) -> Self {
        let database = postgres::database();
        database.psql(
            "create table customers_to_insert (id integer primary key, first_name text, last_name text, email text);
             insert into customers_to_insert values (1, 'Zoë', 'O''Neil', 'zoe@new.example'), (2, 'Bo', null, 'bo@new.example'), (3, '\"Q\"', 'Łuk', 'q+1@new.example')",
        );
        Self { project: Project::fixture("services"), database, service, url }
    }

    fn run(&self, flow: &str) -> Ran {
        let warehouse = format!("warehouse={}", self.database.url());
        let map = format!("{}={}", self.url, self.service.url());
        let mut arguments = vec!["run", flow, "--map-url", &map, "--var", &warehouse, "--var", "store_hash=abc123"];
        let secrets = [
            format!("bigcommerce_token={}", services::bigcommerce::TOKEN),
            format!("shopify_token={}", services::shopify::TOKEN),
            format!("github_token={}", services::github::TOKEN),
            format!("hubspot_token={}", services::hubspot::TOKEN),
            format!("mailchimp_key={}", services::mailchimp::KEY),
            format!("salesforce_token={}", services::salesforce::TOKEN),
            format!("stripe_key={}", services::stripe::KEY),
        ];
        arguments.extend(secrets.iter().flat_map(|s| ["--var", s]));
        self.project.sequor(arguments).ended(0)
    }

    fn value(&self, sql: &str) -> String {
        self.database.psql(sql)
    }
}

#[test]
fn bigcommerce() {
    let world = World::new("https://api.bigcommerce.com", services::bigcommerce::start(47));
    world.run("bigcommerce/fetch");
    assert_eq!(world.service.count("GET"), 3);
    assert_eq!(
        world.value("select count(*) || ' ' || min(id) || ' ' || max(id) || ' ' || count(distinct email) from bc_customers"),
        "47 1 47 47"
    );
    world.run("bigcommerce/create");
    assert_eq!(
        world.value("select string_agg(source_id || ':' || id || ':' || email, ',' order by source_id) from bc_created"),
        "1:48:zoe@new.example,2:49:bo@new.example,3:50:q+1@new.example"
    );
    world.run("bigcommerce/delete");
    assert_eq!(world.service.count("DELETE"), 1);
    world.run("bigcommerce/fetch");
    assert_eq!(world.value("select count(*) from bc_customers"), "47");
}

#[test]
fn shopify() {
    let world = World::new("https://acme.myshopify.com", services::shopify::start(40));
    world.run("shopify/fetch");
    assert_eq!(world.service.count("GET"), 3);
    assert_eq!(world.value("select count(*) || ' ' || sum(total_spent) from shopify_customers"), "40 7986.00");
    assert_eq!(world.value("select count(*) from shopify_addresses a join shopify_customers c on c.id = a.customer_id"), "40");
    assert_eq!(
        world.value("select count(*) from shopify_customers where email_consent_state = 'subscribed' and opt_in_level is null"),
        "20"
    );
    world.run("shopify/create");
    assert_eq!(world.value("select count(distinct id) from shopify_created where source_id in ('1', '2', '3')"), "3");
    world.run("shopify/delete");
    world.run("shopify/fetch");
    assert_eq!(world.value("select count(*) from shopify_customers"), "40");
}

#[test]
fn github() {
    let world = World::new("https://api.github.com", services::github::start(60));
    world.run("github/fetch");
    assert_eq!(world.service.count("GET"), 3);
    assert_eq!(world.value("select count(*) || ' ' || count(distinct author) from github_issues where labels ->> 0 is not null"), "60 5");
    world.run("github/create").says("Gist created: https://gist.github.com/gist1");
    let posted = world.service.ledger().pop().expect("a request").json();
    assert_eq!(posted["files"]["summary.txt"]["content"], "40 issues are open");
    assert_eq!(posted["public"], false);
    world.run("github/delete");
    assert_eq!(world.service.ledger().pop().expect("a request").path, "/gists/gist1");
}

#[test]
fn hubspot() {
    let world = World::new("https://api.hubapi.com", services::hubspot::start(45));
    world.run("hubspot/fetch");
    assert_eq!(
        world.value("select count(*) || ' ' || count(email) || ' ' || min(created_at at time zone 'utc') from hubspot_contacts"),
        "45 45 2024-03-01 12:30:00.123"
    );
    world.run("hubspot/create").says("3 created, 0 refused");
    world.run("hubspot/create").says("0 created, 3 refused").says("bo@new.example: 409");
    world.run("hubspot/delete");
    assert_eq!(world.service.count("DELETE"), 3);
    world.run("hubspot/fetch");
    assert_eq!(world.value("select count(*) from hubspot_contacts"), "45");
}

#[test]
fn mailchimp() {
    let world = World::new("https://us1.api.mailchimp.com", services::mailchimp::start(60));
    world.run("mailchimp/fetch");
    assert_eq!(world.service.count("GET"), 3);
    assert_eq!(world.value("select count(*) || ' ' || sum(open_rate) from mailchimp_members"), "60 15");
    world.run("mailchimp/create");
    world.run("mailchimp/create");
    assert_eq!(world.value("select bool_and(id = md5(email)) || ' ' || count(*) from mailchimp_created"), "true 3");
    world.run("mailchimp/delete");
    world.run("mailchimp/fetch");
    assert_eq!(world.value("select count(*) from mailchimp_members"), "60");
}

#[test]
fn salesforce() {
    let world = World::new("https://acme.my.salesforce.com", services::salesforce::start(50));
    world.run("salesforce/fetch");
    assert_eq!(world.service.count("GET"), 3);
    assert_eq!(world.value("select count(*) || ' ' || sum(\"AnnualRevenue\") from salesforce_accounts"), "50 1275000.00");
    world.run("salesforce/create");
    let names: Vec<_> = world.service.ledger().iter().filter(|r| r.method == "POST").map(|r| r.json()["Name"].to_string()).collect();
    assert_eq!(names, ["\"Zoë O'Neil\"", "\"Bo -\"", "\"\\\"Q\\\" Łuk\""]);
    world.run("salesforce/delete");
    world.run("salesforce/fetch");
    assert_eq!(world.value("select count(*) from salesforce_accounts"), "50");
}

#[test]
fn stripe() {
    let world = World::new("https://api.stripe.com", services::stripe::start(75));
    world.run("stripe/fetch");
    assert_eq!(world.service.count("GET"), 3);
    assert_eq!(world.value("select count(*) || ' ' || max(id) from stripe_customers"), "75 cus_000075");
    world.run("stripe/create");
    assert_eq!(
        world.value("select string_agg(source_id || '=' || id, ' ' order by source_id) from stripe_created"),
        "1=cus_000076 2=cus_000077 3=cus_000078"
    );
    let forms: Vec<_> = world.service.ledger().iter().filter(|r| r.method == "POST").map(|r| r.form()[0].1.clone()).collect();
    assert_eq!(forms, ["Zoë O'Neil", "Bo ", "\"Q\" Łuk"]);
    world.run("stripe/delete");
    world.run("stripe/fetch");
    assert_eq!(world.value("select count(*) from stripe_customers"), "75");
}

//! The five examples of the document that the product started from, word for word, against loopback services and PostgreSQL.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

use sequor_tests::postgres::{self, Database};
use sequor_tests::program::{Project, Ran, workspace};
use sequor_tests::service::Service;
use sequor_tests::services;

fn run(flow: &str, database: &Database<'_>, service: Option<(&str, &Service)>) -> Ran {
    let project = Project::fixture("seed");
    let mut arguments = vec!["run".to_owned(), flow.to_owned(), "--env".into(), "test".into()];
    let vars = [
        format!("postgres_conn_str={}", database.url()),
        "postgres_username=postgres".into(),
        format!("postgres_password={}", postgres::PASSWORD),
        format!("bigcommerce_token={}", services::bigcommerce::TOKEN),
        format!("shopify_token={}", services::shopify::TOKEN),
    ];
    arguments.extend(vars.into_iter().flat_map(|v| ["--var".to_owned(), v]));
    arguments.extend(service.into_iter().flat_map(|(url, service)| ["--map-url".to_owned(), format!("{url}={}", service.url())]));
    project.sequor(arguments).ended(0)
}

#[test]
fn the_flows_are_the_examples_word_for_word() {
    let files = std::fs::read_dir(workspace().join("fixtures/projects/seed/flows")).expect("the flows");
    let flows: Vec<String> = files.map(|f| std::fs::read_to_string(f.expect("a file").path()).expect("text")).collect();
    let examples = [
        "        data_parsed = response.json()\n        customers = data_parsed['data']\n",
        "        // extract customer with newly generated customer ID \n",
        "          customer['opt_in_level'] = customer['email_marketing_consent'].get('single_opt_in')\n",
        "    ) o ON c.id = o.customer_id\n    WHERE c.active = true;",
        "    - condition: '{{ query_value(\"select count(*) from inventory_to_update\", int) > 0 }}'\n      then:\n        - op: run_workflow\n",
    ];
    for example in examples {
        assert!(flows.iter().any(|f| f.contains(example)), "no flow has {example:?}");
    }
}

#[test]
fn example_1_loads_customers() {
    let (database, service) = (postgres::database(), services::bigcommerce::start(30));
    run("load_customers", &database, Some(("https://api.bigcommerce.com", &service)));
    assert_eq!(database.psql("select count(*), min(id), max(first_name) from bc_customers"), "30|1|First9");
}

#[test]
fn example_2_creates_customers_from_rows() {
    let (database, service) = (postgres::database(), services::bigcommerce::start(10));
    database.psql("create table bc_customers_to_insert (id text, first_name text, last_name text, email text)");
    database.psql("insert into bc_customers_to_insert values ('a', 'Ann', 'Ode', 'ann@x.example'), ('b', 'Ben', null, 'ben@x.example')");
    let ran = run("create_customers", &database, Some(("https://api.bigcommerce.com", &service)));
    ran.says("P603");
    assert_eq!(
        database.psql("select id, source_id, first_name, email from bc_customers_inserted order by id"),
        "11|a|Ann|ann@x.example\n12|b|Ben|ben@x.example"
    );
    assert_eq!(service.count("POST"), 2);
}

#[test]
fn example_3_maps_nested_data_into_two_tables() {
    let (database, service) = (postgres::database(), services::shopify::start(12));
    run("load_shopify_customers", &database, Some(("https://acme.myshopify.com", &service)));
    assert_eq!(database.psql("select count(*) from shopify_customers"), "12");
    assert_eq!(database.psql("select count(*), count(distinct c.id), max(a.country) from shopify_customer_addresses a join shopify_customers c on c.id = a.customer_id"), "12|8|Canada");
}

#[test]
fn example_4_builds_an_analytics_table() {
    let database = postgres::database();
    database.psql(
        "create table customers (id integer, name text, email text, active boolean); create table orders (customer_id integer, amount numeric(10,2));
         insert into customers values (1, 'Ann', 'a@x', true), (2, 'Ben', 'b@x', true), (3, 'Cy', 'c@x', false); insert into orders values (1, 10.50), (1, 2.25), (3, 9)",
    );
    run("customer_analytics", &database, None);
    assert_eq!(database.psql("select name, order_count, lifetime_value from customer_order_analytics order by id"), "Ann|2|12.75\nBen||");
}

#[test]
fn example_5_decides_by_a_query() {
    let database = postgres::database();
    database.psql("create table inventory_to_update (id integer, done boolean)");
    run("update_if_needed", &database, None).says("Inventory is up to date");
    database.psql("insert into inventory_to_update values (1, false)");
    run("update_if_needed", &database, None).hides("up to date");
    assert_eq!(database.psql("select done from inventory_to_update"), "t");
}

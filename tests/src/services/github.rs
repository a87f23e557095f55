//! GitHub, REST: bearer token, a bare list with a `Link` header; issues are listed, gists created and deleted.

use serde_json::{Value, json};

use super::{Store, after, not_found, refused};
use crate::service::{Reply, Request, Service};

pub const TOKEN: &str = "ghp_token";

#[must_use]
pub fn start(issues: usize) -> Service {
    let issues = Store::new(issues, |n| {
        let state = if n.is_multiple_of(3) { "closed" } else { "open" };
        json!({ "id": 100_000 + n, "number": n, "title": format!("Issue {n}"), "state": state, "user": { "login": format!("user{}", n % 5) },
                "labels": [{ "name": "bug" }], "pull_request": null })
    });
    let mut gists = Store::new(0, |_| Value::Null);
    Service::start(move |request| answer(&issues, &mut gists, request))
}

fn answer(issues: &Store, gists: &mut Store, request: &Request) -> Reply {
    if request.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return refused();
    }
    if request.header("user-agent").is_none() {
        return Reply::json(
            403,
            &json!({ "message": "Request forbidden by administrative rules. Please make sure your request has a User-Agent header." }),
        );
    }
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/repos/acme/widgets/issues") => list(issues, request),
        ("POST", "/gists") => {
            let body = request.json();
            if !body["files"].is_object() {
                return Reply::json(422, &json!({ "message": "Invalid request. \"files\" wasn't supplied." }));
            }
            let gist = gists.create(|n| json!({ "id": format!("gist{n}"), "html_url": format!("https://gist.github.com/gist{n}"), "description": body["description"], "public": body["public"] }));
            Reply::json(201, &gist)
        }
        ("DELETE", path) => match after(path, "/gists/") {
            Some(id) if gists.delete(|g| g["id"] == id) == 1 => Reply::empty(204),
            _ => not_found(),
        },
        _ => not_found(),
    }
}

fn list(issues: &Store, request: &Request) -> Reply {
    let page = request.number("page").unwrap_or(1).max(1);
    let limit = request.number("per_page").unwrap_or(30);
    let data = issues.page((page - 1) * limit, limit);
    let reply = Reply::json(200, &json!(data));
    let last = issues.records.len().div_ceil(limit);
    if page >= last {
        return reply;
    }
    let url = |page| format!("<https://api.github.com/repositories/1/issues?per_page={limit}&page={page}>");
    reply.with_header("link", format!("{}; rel=\"next\", {}; rel=\"last\"", url(page + 1), url(last)))
}

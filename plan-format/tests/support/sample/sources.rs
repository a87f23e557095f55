//! Sources of every kind.

use sequor_plan_format::op::http_request::{Backoff, RetryPolicy, StatusRange};
use sequor_plan_format::source::{Auth, Http, KeyPlace, Postgres, Sqlite};
use sequor_plan_format::{Expr, ExprId, Source, SourceId, SourceKind, TextId};

use super::Sample;

impl Sample {
    /// One source for each way to authenticate; gives the first one.
    pub(super) fn http_sources(&mut self) -> SourceId {
        let token = self.b.var("api_token");
        let base_url = self.b.text_constant("https://api.example.com/v3");
        let accept = self.b.text_constant("application/json");
        let headers = vec![(self.b.text("Accept"), accept)];
        let store = self.b.text_constant("s-1");
        let variables = vec![(self.b.text("store"), store)];
        let allow_hosts = vec![self.b.text("localhost:8080")];
        let retry = RetryPolicy {
            attempts: 3,
            statuses: vec![StatusRange { first: 429, last: 429 }, StatusRange { first: 502, last: 504 }],
            network: false,
            backoff: Backoff::Linear,
            delay_ms: 100,
            max_delay_ms: 1000,
        };
        let main = Http { base_url: Some(base_url), headers, auth: Auth::Bearer { token }, timeout_ms: Some(30_000), retry, allow_hosts };
        let main = self.source("api", variables, SourceKind::Http(Box::new(main)));

        let username = self.b.text_constant("user");
        let password = self.b.var("basic_password");
        self.http_with("basic", Auth::Basic { username, password });
        for (name, place) in [("key_header", KeyPlace::Header), ("key_query", KeyPlace::Query), ("key_cookie", KeyPlace::Cookie)] {
            let key = self.b.text_constant("X-Key");
            let value = self.b.var("api_key");
            self.http_with(name, Auth::ApiKey { name: key, value, place });
        }
        self.http_with("open", Auth::None);
        main
    }

    fn http_with(&mut self, name: &str, auth: Auth) -> SourceId {
        let http = Http { base_url: None, headers: vec![], auth, timeout_ms: None, retry: RetryPolicy::default(), allow_hosts: vec![] };
        self.source(name, vec![], SourceKind::Http(Box::new(http)))
    }

    pub(super) fn sqlite(&mut self) -> SourceId {
        let path = self.b.text_constant("stage.db");
        self.source("stage", vec![], SourceKind::Sqlite(Sqlite { path }))
    }

    pub(super) fn postgres(&mut self) -> SourceId {
        let name = self.b.text("DATABASE_URL");
        let conn_str = self.b.expr(Expr::Env(name));
        let username = self.b.text_constant("loader");
        let password = self.b.var("db_password");
        let schema = self.b.text_constant("public");
        let postgres = Postgres { conn_str, username: Some(username), password: Some(password), schema: Some(schema) };
        self.source("warehouse", vec![], SourceKind::Postgres(postgres))
    }

    fn source(&mut self, name: &str, variables: Vec<(TextId, ExprId)>, kind: SourceKind) -> SourceId {
        let span = self.span(&format!("sources/{name}.yaml"), 1);
        let name = self.b.text(name);
        self.b.source(Source { name, span, variables, kind })
    }
}

//! Ids in nodes, flows, sources and what stands outside of the arenas.

use super::{Ref, Refs};
use crate::manifest::TableUse;
use crate::plan::{Project, SourceLine};
use crate::source::{Auth, Http, Postgres, Sqlite};
use crate::{Block, Flow, Manifest, Node, Parameter, Retry, Source, SourceKind, Span};

impl Refs for Node {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { id, title, span, when, retry, timeout_ms: _, replay: _, op } = self;
        id.refs(visit);
        title.refs(visit);
        span.refs(visit);
        when.refs(visit);
        retry.refs(visit);
        op.refs(visit);
    }
}

impl Refs for Retry {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { attempts: _, kinds, backoff: _, delay_ms: _, max_delay_ms: _ } = self;
        kinds.refs(visit);
    }
}

impl Refs for Block {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { nodes } = self;
        nodes.refs(visit);
    }
}

impl Refs for Flow {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { name, description, parameters, body, span } = self;
        name.refs(visit);
        description.refs(visit);
        parameters.refs(visit);
        body.refs(visit);
        span.refs(visit);
    }
}

impl Refs for Parameter {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { name, default } = self;
        name.refs(visit);
        default.refs(visit);
    }
}

impl Refs for Source {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { name, span, variables, kind } = self;
        name.refs(visit);
        span.refs(visit);
        variables.refs(visit);
        kind.refs(visit);
    }
}

impl Refs for SourceKind {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::Http(http) => http.refs(visit),
            Self::Sqlite(Sqlite { path }) => path.refs(visit),
            Self::Postgres(Postgres { conn_str, username, password, schema }) => {
                conn_str.refs(visit);
                username.refs(visit);
                password.refs(visit);
                schema.refs(visit);
            }
        }
    }
}

impl Refs for Http {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { base_url, headers, auth, timeout_ms: _, retry: _, allow_hosts } = self;
        base_url.refs(visit);
        headers.refs(visit);
        auth.refs(visit);
        allow_hosts.refs(visit);
    }
}

impl Refs for Auth {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        match self {
            Self::None => {}
            Self::Basic { username, password } => {
                username.refs(visit);
                password.refs(visit);
            }
            Self::Bearer { token } => token.refs(visit),
            Self::ApiKey { name, value, place: _ } => {
                name.refs(visit);
                value.refs(visit);
            }
        }
    }
}

impl Refs for Span {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { file, line: _, column: _, end_line: _, end_column: _ } = self;
        file.refs(visit);
    }
}

impl Refs for Project {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { name, variables, default_source, entries } = self;
        name.refs(visit);
        variables.refs(visit);
        default_source.refs(visit);
        entries.refs(visit);
    }
}

impl Refs for SourceLine {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { file, line: _, text } = self;
        file.refs(visit);
        text.refs(visit);
    }
}

impl Refs for Manifest {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { hosts, computed_hosts: _, methods, tables, variables, python, effects } = self;
        hosts.refs(visit);
        methods.refs(visit);
        tables.refs(visit);
        variables.refs(visit);
        python.refs(visit);
        for (node, _replay) in effects {
            node.refs(visit);
        }
    }
}

impl Refs for TableUse {
    fn refs(&self, visit: &mut dyn FnMut(Ref)) {
        let Self { source, table, access: _ } = self;
        source.refs(visit);
        table.refs(visit);
    }
}

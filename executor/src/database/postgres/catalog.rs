//! What PostgreSQL knows of tables.

use super::*;

/// A column of an existing table, with its type as `format_type` writes it.
pub(super) struct ExistingColumn {
    pub(super) name: String,
    pub(super) formatted: String,
}

/// A table's full name.
pub(super) enum Located {
    Existing(TableName),
    /// Where it would be created.
    New(TableName),
}

/// Finds the schema of a table: the one it names, else the source's, else the first of the search path that has it, else the first of the search path.
pub(super) async fn locate(connection: &mut PgConnection, table: &TableName, server: &Server) -> Result<Located, RunError> {
    let name = POSTGRES.quote(&table.name)?;
    if let Some(database) = &table.database {
        let current = texts(connection, "SELECT current_database()::text".into()).await?;
        if current.first() != Some(database) {
            let message =
                format!("table {table}: the source is connected to another database than '{database}'; define a source for that one");
            return Err(RunError::new(ErrorKind::Data, message));
        }
    }
    let fixed = table.namespace.as_ref().or(server.schema.as_ref());
    let path = match fixed {
        Some(schema) => format!("{}.{name}", POSTGRES.quote(schema)?),
        None => name,
    };
    let sql = format!(
        "SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass({})",
        literal(&path)
    );
    let at = |schema: String| TableName { database: None, namespace: Some(schema), name: table.name.clone() };
    if let Some(schema) = texts(connection, sql).await?.pop() {
        return Ok(Located::Existing(at(schema)));
    }
    if let Some(schema) = fixed {
        return Ok(Located::New(at(schema.clone())));
    }
    let current = texts(connection, "SELECT current_schema()::text WHERE current_schema() IS NOT NULL".into()).await?.pop();
    let none = || {
        RunError::new(
            ErrorKind::Data,
            format!("there is no schema for table {table}: no schema of the search path exists; set the source's schema"),
        )
    };
    Ok(Located::New(at(current.ok_or_else(none)?)))
}

/// The columns of a located table, in order.
pub(super) async fn columns(connection: &mut PgConnection, table: &TableName) -> Result<Vec<ExistingColumn>, RunError> {
    let sql = format!(
        "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute \
         WHERE attrelid = {}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        literal(&qualified(table)?)
    );
    let rows = connection.fetch_all(sqlx::raw_sql(AssertSqlSafe(sql))).await;
    let columns =
        rows.and_then(|rows| rows.iter().map(|row| Ok(ExistingColumn { name: row.try_get(0)?, formatted: row.try_get(1)? })).collect());
    columns.map_err(|error| fault::of_statement(&error, ""))
}

/// Whether the table's definition holds more than columns: indexes, triggers, rules, policies, comments, defaults, not-null, inheritance, publications.
pub(super) async fn has_attachments(connection: &mut PgConnection, table: &TableName) -> Result<bool, RunError> {
    let sql = format!(
        "SELECT 'x' FROM pg_class c WHERE c.oid = {}::regclass AND (c.relkind <> 'r' OR c.relhasindex OR c.relhasrules OR c.relhastriggers \
            OR c.relrowsecurity OR c.relhassubclass OR c.relispartition OR c.relpersistence <> 'p' OR c.reloptions IS NOT NULL \
            OR EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid) \
            OR EXISTS (SELECT 1 FROM pg_description d WHERE d.objoid = c.oid AND d.classoid = 'pg_class'::regclass) \
            OR EXISTS (SELECT 1 FROM pg_publication_rel p WHERE p.prrelid = c.oid) \
            OR EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
                       AND (a.atthasdef OR a.attnotnull OR a.attidentity <> '' OR a.attacl IS NOT NULL)) \
            OR EXISTS (SELECT 1 FROM pg_depend d WHERE d.refobjid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n'))",
        literal(&qualified(table)?)
    );
    Ok(!texts(connection, sql).await?.is_empty())
}

/// Objects outside the table that a DROP would have to take along: views, foreign keys of other tables, functions.
pub(super) async fn dependants(connection: &mut PgConnection, table: &TableName) -> Result<Vec<String>, RunError> {
    let sql = format!(
        "SELECT DISTINCT CASE WHEN d.classid = 'pg_rewrite'::regclass \
                THEN (SELECT CASE v.relkind WHEN 'm' THEN 'materialized view ' ELSE 'view ' END || v.oid::regclass::text \
                      FROM pg_rewrite r JOIN pg_class v ON v.oid = r.ev_class WHERE r.oid = d.objid) \
                ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END \
         FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = {0}::regclass AND d.deptype = 'n' \
           AND NOT EXISTS (SELECT 1 FROM pg_rewrite r WHERE r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass AND r.ev_class = {0}::regclass) \
           AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.oid = d.objid AND d.classid = 'pg_constraint'::regclass AND k.conrelid = {0}::regclass) \
         ORDER BY 1",
        literal(&qualified(table)?)
    );
    texts(connection, sql).await
}

/// Statements that give `to` the owner and the grants of `from`.
pub(super) async fn grants(connection: &mut PgConnection, from: &TableName, to: &TableName) -> Result<Vec<String>, RunError> {
    let (from, to) = (literal(&qualified(from)?), literal(&qualified(to)?));
    let sql = format!(
        "SELECT format('ALTER TABLE %s OWNER TO %I', {to}, pg_get_userbyid(c.relowner)) FROM pg_class c \
         WHERE c.oid = {from}::regclass AND pg_get_userbyid(c.relowner) <> current_user \
         UNION ALL \
         SELECT format('GRANT %s ON %s TO %s%s', a.privilege_type, {to}, \
                       CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, \
                       CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) \
         FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = {from}::regclass AND a.grantee <> c.relowner"
    );
    texts(connection, sql).await
}

//! State files: made, kept, refused.

use super::*;

async fn store(folder: &Path) -> Store {
    Store::open(&folder.join(".sequor/state.db")).await.unwrap()
}

fn record(id: &str) -> RunRecord<'_> {
    RunRecord { id, project: "p", flow: "main", plan_digest: "d", plan: b"plan", parameters: "{}", started: "2026-01-01T00:00:00Z" }
}

async fn refused(path: &Path) -> String {
    match Store::open(path).await {
        Ok(_) => panic!("the file was accepted"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn project_variables_outlive_the_store_and_belong_to_their_project() {
    let folder = tempfile::tempdir().unwrap();
    let big = Value::Number("123456789012345678901234567890.10".into());
    let values = [("n".into(), big), ("none".into(), Value::Null), ("t".into(), Value::text("a'\"\n"))];
    store(folder.path()).await.set_project("p", "r1", &values).await.unwrap();
    let mut again = store(folder.path()).await;
    again.set_project("p", "r2", &[("t".into(), Value::Bool(false))]).await.unwrap();
    let known = again.project("p").await.unwrap();
    let texts: Vec<_> = known.iter().map(|(name, value)| format!("{name}={}", json::to_text(value).unwrap())).collect();
    assert_eq!(texts, ["n=123456789012345678901234567890.10", "none=null", "t=false"]);
    assert!(again.project("other").await.unwrap().is_empty());
}

#[tokio::test]
async fn runs_are_recorded_with_their_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path()).await;
    store.begin(&record("r0")).await.unwrap();
    store.begin(&record("r1")).await.unwrap();
    let plans: i64 = sqlx::query_scalar("SELECT count(*) FROM plans").fetch_one(&mut store.connection).await.unwrap();
    assert_eq!(plans, 1, "the same plan is kept once");
    let outcome = "SELECT outcome FROM runs WHERE id = 'r1'";
    let before: String = sqlx::query_scalar(outcome).fetch_one(&mut store.connection).await.unwrap();
    store.end("r1", Outcome::Failed, "2026-01-01T00:00:01Z", "{}").await.unwrap();
    let after: String = sqlx::query_scalar(outcome).fetch_one(&mut store.connection).await.unwrap();
    assert_eq!((before.as_str(), after.as_str()), ("running", "failed"));
}

#[tokio::test]
async fn commits_are_synchronous_and_logged_ahead() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path()).await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut store.connection).await.unwrap();
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut store.connection).await.unwrap();
    assert_eq!((mode.as_str(), synchronous), ("wal", 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_runs_may_make_and_use_one_file() {
    for _ in 0..5 {
        share_a_new_file().await;
    }
}

async fn share_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let path: Arc<Path> = folder.path().join("new/state.db").into();
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let path = Arc::clone(&path);
            tokio::spawn(async move {
                let mut store = Store::open(&path).await?;
                let id = format!("r{n}");
                store.begin(&record(&id)).await?;
                for i in 0..20 {
                    store.set_project("p", &id, &[(format!("v{n}").into(), Value::Int(i))]).await?;
                }
                store.end(&id, Outcome::Done, "", "{}").await
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(Store::open(&path).await.unwrap().project("p").await.unwrap().len(), 8);
}

#[tokio::test]
async fn files_that_are_not_ours_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "these are my notes, not a database, and they are long enough to be read as one").unwrap();
    assert!(refused(&text).await.contains("damaged or no state file"));
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("these are my notes"));

    let foreign = folder.path().join("app.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&foreign).create_if_missing(true);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql("CREATE TABLE t (a)").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    assert!(refused(&foreign).await.contains("something else"));
}

#[tokio::test]
async fn a_newer_file_is_refused_by_its_version() {
    let folder = tempfile::tempdir().unwrap();
    let mut newer = store(folder.path()).await;
    sqlx::raw_sql("PRAGMA user_version = 99").execute(&mut newer.connection).await.unwrap();
    drop(newer);
    let message = refused(&folder.path().join(".sequor/state.db")).await;
    assert!(message.contains("newer version") && message.contains("99"), "{message}");
}

#[tokio::test]
async fn a_file_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let path = folder.path().join("file/state.db");
    let message = refused(&path).await;
    assert!(message.contains(&path.display().to_string()) && message.contains("--state"), "{message}");
}

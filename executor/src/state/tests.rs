use super::*;

async fn store(folder: &Path) -> Store {
    Store::open(&folder.join(".sequor/state.db")).await.unwrap()
}

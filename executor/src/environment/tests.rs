//! Environments as files and processes give them.

use std::path::Path;

use super::*;

struct Folders {
    root: tempfile::TempDir,
}

impl Folders {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self { root }
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.root.path().join(path)
    }

    fn choice(&self, name: Option<&str>) -> Choice {
        Choice { file: None, name: name.map(str::to_owned), project_folder: Some(self.path("project")), home: Some(self.path("home")) }
    }

    fn load(&self, name: Option<&str>) -> Environment {
        Environment::load(&self.choice(name), &[]).unwrap()
    }

    fn refused(&self, name: Option<&str>) -> String {
        Environment::load(&self.choice(name), &[]).err().expect("an error").to_string()
    }
}

fn value(environment: &Environment, name: &str) -> String {
    environment.lookup(name, &Redactor::default()).unwrap().map_or("unset".to_owned(), |value| value.to_repr())
}

#[test]
fn values_keep_their_types() {
    let folders = Folders::new(&[(
        "project/envs/dev.yaml",
        "variables:\n  text: '12'\n  int: 12\n  big: 18446744073709551615\n  float: 1.5\n  yes: true\n  none:\n  list: [1, {a: b}]\n",
    )]);
    let environment = folders.load(Some("dev"));
    assert_eq!(environment.name(), Some("dev"));
    let names = ["text", "int", "big", "float", "yes", "none", "list", "other"];
    let values = names.map(|name| value(&environment, name));
    assert_eq!(values, ["'12'", "12", "18446744073709551615", "1.5", "True", "None", "[1, {'a': 'b'}]", "unset"]);
}

#[test]
fn the_project_comes_before_the_home_and_the_option_before_the_file() {
    let folders = Folders::new(&[
        ("project/env.yaml", "env: home_only\n"),
        ("project/envs/dev.yaml", "variables: {from: project}\n"),
        ("home/envs/dev.yaml", "variables: {from: home}\n"),
        ("home/envs/home_only.yaml", "variables: {from: home_only}\n"),
    ]);
    assert_eq!(value(&folders.load(Some("dev")), "from"), "'project'");
    assert_eq!(value(&folders.load(None), "from"), "'home_only'");
}

#[test]
fn a_missing_environment_lists_those_there_are() {
    let folders = Folders::new(&[("project/envs/dev.yaml", ""), ("home/envs/prod.yaml", "")]);
    let message = folders.refused(Some("staging"));
    assert!(message.contains("'staging'") && message.contains("dev, prod"), "{message}");
    let message = folders.refused(Some("../dev"));
    assert!(message.contains("not the name of an environment"), "{message}");
}

#[test]
fn faults_name_the_file_and_the_place() {
    for (text, parts) in [
        ("variables:\n  a: [1, 2\n  b: 3\n", &["dev.yaml:", "bad YAML"][..]),
        ("variables:\n  a: 1\n  a: 2\n", &["bad YAML", "duplicate"]),
        ("variable:\n  a: 1\n", &["unknown key 'variable'", "'variables'"]),
        ("variables:\n  a: '{{ var(1) }}'\n", &["variable 'a'", "template"]),
        ("secrets:\n  key: hunter2\n", &["secret 'key'", "env:NAME or file:PATH"]),
        ("variables: {k: 1}\nsecrets: {k: 'env:K'}\n", &["'k' is both"]),
        ("- a\n", &["must be a mapping"]),
    ] {
        let folders = Folders::new(&[("project/envs/dev.yaml", text)]);
        let message = folders.refused(Some("dev"));
        for part in parts.iter().chain(&["dev.yaml"]) {
            assert!(message.contains(part), "{message}");
        }
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn a_secret_is_read_when_it_is_used_and_masked_from_then_on() {
    let folders = Folders::new(&[("token", "t0p-s3cret\n"), ("home/envs/empty.yaml", "")]);
    let path = folders.path("token");
    std::fs::create_dir_all(folders.path("project/envs")).unwrap();
    let text = format!("secrets:\n  token: file:{}\n  gone: file:{}/none\n", path.display(), Path::new("/nowhere").display());
    std::fs::write(folders.path("project/envs/dev.yaml"), text).unwrap();
    let environment = folders.load(Some("dev"));
    let redactor = Redactor::default();
    assert_eq!(redactor.redact("t0p-s3cret"), "t0p-s3cret");
    assert_eq!(environment.lookup("token", &redactor).unwrap().unwrap().to_text(), "t0p-s3cret");
    assert_eq!(redactor.redact("is t0p-s3cret"), "is ***");
    let error = environment.lookup("gone", &redactor).unwrap_err();
    assert!(error.message.contains("'gone'") && error.message.contains("/nowhere/none"), "{}", error.message);
}

#[test]
fn the_command_line_overrides_the_file() {
    let folders = Folders::new(&[("project/envs/dev.yaml", "variables: {a: 1, b: 2}\n")]);
    let environment = Environment::load(&folders.choice(Some("dev")), &[("a".into(), "x".into())]).unwrap();
    let env = |name: &str| environment.env(name, &Redactor::default()).unwrap().map(|value| value.to_repr());
    assert_eq!([env("a"), env("b")], [Some("'x'".into()), Some("2".into())]);
    assert_eq!(environment.overriding("a").map(Value::to_repr).as_deref(), Some("'x'"));
}

#[test]
fn the_process_is_asked_last_and_never_panics() {
    let environment = Environment::default();
    let redactor = Redactor::default();
    assert_eq!(environment.env("PATH", &redactor).unwrap().map(|v| v.to_text()), std::env::var("PATH").ok());
    for name in ["", "a=b", "nul\0", "SEQUOR_NO_SUCH_NAME"] {
        assert!(environment.env(name, &redactor).unwrap().is_none());
    }
}

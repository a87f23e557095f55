//! `demo`: the main job without an account, a network or a server to install. Starts the bundled API, writes a project, compiles it, runs it into
//! SQLite, and shows the tables.

mod api;
mod data;
mod ledger;
mod tables;

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use sequor_compiler::Options;
use sequor_executor::command::{self, GoOnArguments, PlanSource, ResumeArguments, RunArguments};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::arguments::{Demo, Global};
use crate::compile::{compile_for_run, write_whole};
use crate::init::write_files;
use ledger::Ledger;

const FILES: [(&str, &str); 6] = [
    ("project.yaml", include_str!("demo/project/project.yaml")),
    ("env.yaml", include_str!("demo/project/env.yaml")),
    ("envs/demo.yaml", include_str!("demo/project/envs/demo.yaml")),
    ("sources/shop.yaml", include_str!("demo/project/sources/shop.yaml")),
    ("sources/warehouse.yaml", include_str!("demo/project/sources/warehouse.yaml")),
    (FLOW_FILE, include_str!("demo/project/flows/sync_customers.yaml")),
];
const FLOW: &str = "sync_customers";
const FLOW_FILE: &str = "flows/sync_customers.yaml";
/// In the project folder: what the API was told by a run that is not done.
const LEDGER: &str = "demo-api.jsonl";
/// How long an answer of the slow API takes: 31 requests and two waits of a second come to some 20 seconds.
const SLOW: Duration = Duration::from_millis(600);
/// How many customers the API has, unless somebody says otherwise.
pub(crate) const CUSTOMERS: u64 = 230;
/// Orders for each customer, on average.
const ORDERS_PER_CUSTOMER: u64 = 3;

pub(crate) fn demo(arguments: &Demo, global: &Global, out: &mut dyn Write) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listener = runtime
        .block_on(api::listen(arguments.port))
        .with_context(|| format!("cannot listen on 127.0.0.1:{}; --port 0 takes any free port", arguments.port))?;
    let url = format!("http://{}", listener.local_addr()?);
    if arguments.serve {
        writeln!(out, "demo API at {url}, token {}; Ctrl-C stops it", api::TOKEN)?;
        out.flush()?;
        runtime.block_on(api::serve(listener, shop(arguments, None)))?;
        return Ok(0);
    }
    let port = listener.local_addr()?.port();
    command::goes_on_with(go_on(arguments, port));
    if arguments.resume {
        return resume(arguments, &runtime, listener, &url, out);
    }
    show(arguments, global, &runtime, listener, &url, out)
}

/// The command that goes on with a run that was stopped, ready to be pasted.
fn go_on(arguments: &Demo, port: u16) -> String {
    let Demo { dir, customers, .. } = arguments;
    let customers = if *customers == CUSTOMERS { String::new() } else { format!(" --customers {customers}") };
    format!("sequor demo {} --resume --port {port}{customers}", command::quoted(&dir.display().to_string()))
}

/// Goes on with the last run, with the API as that run has left it.
fn resume(arguments: &Demo, runtime: &Runtime, listener: TcpListener, url: &str, out: &mut dyn Write) -> anyhow::Result<u8> {
    let dir = &arguments.dir;
    anyhow::ensure!(dir.join(FLOW_FILE).is_file(), "there is no demo in {}: 'sequor demo {}' makes one", dir.display(), dir.display());
    runtime.spawn(api::serve(listener, shop(arguments, Some(open_ledger(dir)?))));
    writeln!(out, "The demo API answers at {url} again, with what it was told before. The run goes on:\n")?;
    out.flush()?;
    let go_on = GoOnArguments { vars: vec![("shop_url".to_owned(), url.to_owned())], ..GoOnArguments::default() };
    let resume = ResumeArguments { in_doubt: arguments.in_doubt.clone(), go_on, ..ResumeArguments::default() };
    let status = command::resume(resume.into_request(Some(dir.clone()))).code();
    if status == 0 {
        Ledger::remove(&dir.join(LEDGER))?;
        tables_and_next_steps(dir, runtime, out)?;
    }
    Ok(status)
}

fn open_ledger(dir: &Path) -> anyhow::Result<Ledger> {
    let file = dir.join(LEDGER);
    Ledger::open(&file)
        .with_context(|| format!("what the demo API was told before cannot be read from {}; remove the file to begin anew", file.display()))
}

fn show(arguments: &Demo, global: &Global, runtime: &Runtime, listener: TcpListener, url: &str, out: &mut dyn Write) -> anyhow::Result<u8> {
    let port = listener.local_addr()?.port();
    writeln!(out, "1. A demo API answers at {url}: customers, orders, and a POST that sometimes says 429.")?;

    let dir = &arguments.dir;
    let kept = write_files(dir, &FILES, |text| text.replace("@SHOP_URL@", url))?;
    let note = if kept.is_empty() { "" } else { ", with the files that were there" };
    writeln!(out, "2. A project is in {}{note}. Its flow: {}", dir.display(), dir.join(FLOW_FILE).display())?;

    runtime.spawn(api::serve(listener, shop(arguments, Some(open_ledger(dir)?))));

    let global = Global { project_dir: dir.clone(), ..global.clone() };
    let Some(plan) = compile_for_run(&global, Options::default(), FLOW)? else { return Ok(1) };
    let plan_file = dir.join("demo.plan");
    write_whole(&plan_file, &plan)?;
    writeln!(out, "3. Compiled to {} ({} bytes).", plan_file.display(), plan.len())?;

    if arguments.slow {
        let (id, go_on) = (std::process::id(), go_on(arguments, port));
        writeln!(out, "4. Run, for some 20 seconds. Stop it in the middle: Ctrl-C here, or from elsewhere: kill -9 {id}")?;
        writeln!(out, "   Then paste this, and it goes on where it was:\n\n  {go_on}\n")?;
    } else {
        writeln!(out, "4. Run:\n")?;
    }
    out.flush()?;
    let run = RunArguments { vars: vec![("shop_url".to_owned(), url.to_owned())], ..RunArguments::default() };
    let status = command::run(run.into_request(PlanSource::Bytes(plan, plan_file.display().to_string()), None, Some(dir.clone()))).code();
    if status != 0 {
        return Ok(status);
    }
    Ledger::remove(&dir.join(LEDGER))?;
    tables_and_next_steps(dir, runtime, out)?;
    Ok(0)
}

fn tables_and_next_steps(dir: &Path, runtime: &Runtime, out: &mut dyn Write) -> anyhow::Result<()> {
    let file = dir.join("warehouse.db");
    writeln!(out, "\n5. The tables in {}:\n", file.display())?;
    out.write_all(runtime.block_on(tables::show(&file))?.as_bytes())?;
    let dir = dir.display();
    writeln!(out, "Next: change {dir}/{FLOW_FILE} and run 'sequor demo {dir}' again, or by hand:\n")?;
    let commands = [
        (format!("sequor demo {dir} --slow"), "the same in 20 seconds: kill it in the middle, and go on"),
        ("sequor demo --serve &".to_owned(), "the API alone"),
        (format!("sequor -p {dir} compile"), "the checks"),
        (format!("sequor -p {dir} run {FLOW}"), "compile and run"),
        (format!("sequor show {dir}/demo.plan"), "what runs, step by step"),
    ];
    let width = commands.iter().map(|(command, _)| command.chars().count()).max().unwrap_or_default();
    for (command, does) in &commands {
        writeln!(out, "  {command:<width$}  {does}")?;
    }
    Ok(())
}

fn shop(arguments: &Demo, ledger: Option<Ledger>) -> std::sync::Arc<api::Shop> {
    let delay = if arguments.slow { SLOW } else { Duration::ZERO };
    api::Shop::new(arguments.customers, arguments.customers * ORDERS_PER_CUSTOMER, delay, ledger)
}

//! `demo`: the main job without an account, a network or a server to install. Starts the bundled API, writes a project, compiles it, runs it into
//! SQLite, and shows the tables.

mod api;
mod data;
mod tables;

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use sequor_compiler::Options;
use sequor_executor::command::{self, PlanSource, RunArguments};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::arguments::{Demo, Global};
use crate::compile::{compile_for_run, write_whole};
use crate::init::write_files;

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
        runtime.block_on(api::serve(listener, shop(arguments)))?;
        return Ok(0);
    }
    show(arguments, global, &runtime, listener, &url, out)
}

fn show(arguments: &Demo, global: &Global, runtime: &Runtime, listener: TcpListener, url: &str, out: &mut dyn Write) -> anyhow::Result<u8> {
    runtime.spawn(api::serve(listener, shop(arguments)));
    writeln!(out, "1. A demo API answers at {url}: customers, orders, and a POST that sometimes says 429.")?;

    let dir = &arguments.dir;
    let kept = write_files(dir, &FILES, |text| text.replace("@SHOP_URL@", url))?;
    let note = if kept.is_empty() { "" } else { ", with the files that were there" };
    writeln!(out, "2. A project is in {}{note}. Its flow: {}", dir.display(), dir.join(FLOW_FILE).display())?;

    let global = Global { project_dir: dir.clone(), ..global.clone() };
    let Some(plan) = compile_for_run(&global, Options::default(), FLOW)? else { return Ok(1) };
    let plan_file = dir.join("demo.plan");
    write_whole(&plan_file, &plan)?;
    writeln!(out, "3. Compiled to {} ({} bytes).", plan_file.display(), plan.len())?;

    writeln!(out, "4. Run:\n")?;
    out.flush()?;
    let run = RunArguments { vars: vec![("shop_url".to_owned(), url.to_owned())], ..RunArguments::default() };
    let status = command::run(run.into_request(PlanSource::Bytes(plan, plan_file.display().to_string()), None, Some(dir.clone()))).code();
    if status != 0 {
        return Ok(status);
    }
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

fn shop(arguments: &Demo) -> std::sync::Arc<api::Shop> {
    api::Shop::new(arguments.customers, arguments.customers * ORDERS_PER_CUSTOMER)
}

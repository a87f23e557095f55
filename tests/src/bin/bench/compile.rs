//! What it takes to check and compile projects of different sizes, beside reading their files.

use std::fmt::Write as _;
use std::process::Command;

use sequor_tests::program::{Project, sequor};

use crate::measure::{measure, median, print};

/// Flows of generated projects; the texts of 1,000 are about 1 MB.
const SIZES: [usize; 5] = [50, 500, 1_000, 2_000, 4_000];

pub(crate) fn compile() {
    let project = Project::fixture("seed");
    let empty = median(21, || measure(&mut Command::new("true")));
    let seed = median(21, || measure(project.command(&sequor()).args(["compile", "-o", "seed.plan"])));
    print("compile of the seed project", seed, "empty process", empty);
    for flows in SIZES {
        let project = generated(flows);
        let bytes: usize = (0..flows).map(|number| flow(number, flows).len()).sum();
        let read = median(5, || measure(project.command("sh".as_ref()).args(["-c", "cat flows/*/*.yaml sources/*.yaml > /dev/null"])));
        let check = median(5, || measure(project.command(&sequor()).args(["compile", "--check"])));
        print(&format!("check of {flows} flows, {} kB", bytes / 1000), check, "reading them", read);
        let plan = median(5, || measure(project.command(&sequor()).args(["compile", "-o", "all.plan"])));
        print(&format!("plan of {flows} flows"), plan, "reading them", read);
    }
}

/// Each flow loads pages into a table of its own, makes another one of it, goes over that and calls the next flow.
fn generated(flows: usize) -> Project {
    let mut files = vec![
        ("project.yaml".to_owned(), "name: generated\n".to_owned()),
        ("sources/api.yaml".to_owned(), "type: http\nbase_url: https://api.example.com\n".to_owned()),
        ("sources/stage.yaml".to_owned(), "type: sqlite\npath: stage.db\n".to_owned()),
    ];
    files.extend((0..flows).map(|number| (format!("flows/group{}/flow{number}.yaml", number / 50), flow(number, flows))));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Project::of(&files)
}

fn flow(number: usize, flows: usize) -> String {
    let mut text = format!(
        "steps:
  - op: http_request
    id: load
    init: {{variables: {{page{number}: 1}}}}
    request:
      source: api
      url: /things/{number}
      parameters: {{page: \"{{{{ var('page{number}') }}}}\", limit: 100}}
    response:
      tables: [{{source: stage, table: things{number}, data_path: data, columns: {{id: bigint, name: text, amount: \"numeric(10,2)\"}}}}]
      variables: {{page{number}_expression: \"var('page{number}') + 1\"}}
      while_expression: len(response.json()['data']) == 100
  - op: transform
    source: stage
    target_table: totals{number}
    query: |
      select name, sum(amount) as total
      from things{number} where amount > 0 group by name order by total desc
  - op: for_each
    source: stage
    table: totals{number}
    as: row
    steps:
      - op: print
        when: \"{{{{ var('row').total > 1000 }}}}\"
        message_expression: |
          row = var('row')
          return f\"{{row['name']}}: {{row['total']:.2f}}\"
"
    );
    // Chains of ten, so that no flow is deep.
    if number % 10 < 9 && number + 1 < flows {
        let next = number + 1;
        let _ = writeln!(text, "  - {{op: run_flow, flow: group{}/flow{next}}}", next / 50);
    }
    text
}

//! Parsers and bodies as flows for well-known APIs have them: none is refused, and those without loops and changes are native.

use crate::common::*;

const NATIVE: &[&str] = &[
    // BigCommerce: customers.
    r#"def evaluate(context, response):
  data_parsed = response.json()
  customers = data_parsed['data']
  return {
    "tables": [{
      "source": "postgres",
      "table": "bc_customers",
      "data": customers,
      "model": {
        "columns": [
        {"name": "id", "type": "text"},
        {"name": "first_name", "type": "text"},
        {"name": "last_name", "type": "text"}
        ]
      }
    }]
  }
"#,
    // BigCommerce: a customer to create.
    r#"def evaluate(context):
  return [{
    "first_name": context.var("customer").get("first_name"),
    "last_name": context.var("customer").get("last_name"),
    "email": context.var("customer").get("email")
  }]
"#,
    // GitHub: issues, one page after the other.
    r#"issues = [
    {
        "id": i["id"],
        "title": i["title"],
        "author": i["user"]["login"] if i.get("user") else None,
        "labels": ",".join([l["name"] for l in i["labels"]]),
        "is_pull_request": "pull_request" in i,
    }
    for i in response.json()
]
return {
    "tables": {"issues": issues},
    "while": len(issues) == 100,
    "variables": {"page": context.var("page") + 1},
}
"#,
    // HubSpot: paging by `after`.
    r#"def evaluate(context, response):
    body = response.json()
    paging = body.get('paging')
    after = paging['next']['after'] if paging and paging.get('next') else None
    contacts = [{'id': c['id'], **c['properties']} for c in body['results']]
    return {
        'tables': {'contacts': contacts},
        'variables': {'after': after},
        'while': after is not None,
    }
"#,
    // Stripe: the last id is the cursor.
    r#"{
    "tables": {"charges": response.json()["data"]},
    "variables": {"starting_after": response.json()["data"][-1]["id"] if response.json()["data"] else None},
    "while": response.json()["has_more"],
}"#,
    // Salesforce: a URL to the next page.
    r#"data = response.json()
if response.status_code != 200:
    return {"tables": {"accounts": []}, "while": False}
next_url = data.get("nextRecordsUrl")
rows = [{k: v for k, v in r.items() if k != "attributes"} for r in data["records"]]
return {"tables": {"accounts": rows}, "variables": {"next_url": f"{var('instance_url')}{next_url}" if next_url else ""}, "while": not data["done"]}
"#,
    // Mailchimp: a member to subscribe.
    r#"{
  "email_address": var("member")["email"].strip().lower(),
  "status": "subscribed" if var("member").get("consent") else "pending",
  "merge_fields": {"FNAME": var("member").get("first_name", ""), "LNAME": var("member").get("last_name", "")},
  "tags": [t.strip() for t in var("member").get("tags", "").split(",") if t.strip()],
}"#,
];

const PYTHON: &[&str] = &[
    // BigCommerce: the reply joined to its row. Its comments are the seed's.
    r#"def evaluate(context, response):
  // extract customer with newly generated customer ID
  customers_created = response.json()['data'][0]
  // add the source ID
  customers_created['source_id'] = context.var("customer").get("id")
  // store into database
  return {"tables": [{"source": "stage", "table": "bc_customers_inserted", "data": [ customers_created ]}]}
"#,
    // Shopify: nested addresses.
    r#"def evaluate(context, response):
  customers = response.json()['customers']
  customer_addresses = []
  for customer in customers:

    # flattening the nested object
    customer['email_consent_state'] = customer['email_marketing_consent']['state']
    for address in customer['addresses']:
      address['customer_id'] = customer['id']
      customer_addresses.append(address)

  return {"tables": [{"source": "postgres", "table": "shopify_customers", "data": customers}]}
"#,
    // Mailchimp: the hash of an address.
    r#"import hashlib
return hashlib.md5(var('member')['email'].lower().encode()).hexdigest()
"#,
    // Shopify: the next page from the Link header.
    r#"import re

def next_link(header):
    match = re.search(r'<([^>]+)>;\s*rel="next"', header or '')
    return match.group(1) if match else None

def evaluate(context, response):
    link = next_link(response.headers.get('Link'))
    return {"while": link is not None, "variables": {"next_url": link}}
"#,
    // Salesforce: a day that only a library knows.
    r#"from datetime import datetime, timedelta, timezone
since = datetime.now(timezone.utc) - timedelta(days=int(var('days')))
return f"SELECT Id, Name FROM Account WHERE LastModifiedDate > {since.strftime('%Y-%m-%dT%H:%M:%SZ')}"
"#,
];

#[test]
fn snippets_without_changes_are_native() {
    for source in NATIVE {
        let (e, found) = python(source, ANYWHERE);
        assert_eq!(faults(&found), Vec::<String>::new(), "{source}");
        assert!(e.is_native(), "{source}");
    }
}

#[test]
fn the_others_stay_python() {
    for source in PYTHON {
        let (e, found) = python(source, ANYWHERE);
        assert!(found.iter().all(|f| f.code == "P603"), "{source}: {:?}", faults(&found));
        assert_eq!(found.len(), source.matches("//").count(), "{source}");
        assert!(!e.is_native(), "{source}");
    }
}

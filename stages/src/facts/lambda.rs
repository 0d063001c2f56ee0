//! What Lambda is told about functions. Who may call them is the matter of `policy`.

use super::{Fact, Text, View, lists::is_account, members};

pub(super) const FACTS: &[Fact] = &[
    Fact::flag("lambda.url_public", "a function answers at a URL without any authentication", |view| {
        let urls = ["CreateFunctionUrlConfig", "UpdateFunctionUrlConfig"];
        view.is("lambda", &urls) && is_none(&view.asked_text("authType"))
            || view.is("lambda", &["AddPermission"]) && is_none(&view.asked_text("functionUrlAuthType"))
    }),
    Fact::texts(
        "lambda.foreign_layers",
        "foreign accounts whose layers a function runs from now on",
        |view| accounts(view, &["CreateFunction", "UpdateFunctionConfiguration"], "layers"),
    ),
    Fact::texts(
        "lambda.foreign_source",
        "foreign accounts whose events a function is fed with from now on",
        |view| accounts(view, &["CreateEventSourceMapping", "UpdateEventSourceMapping"], "eventSourceArn"),
    ),
    Fact::texts("lambda.role", "the role that a function is given or changed to", |view| {
        let is_set =
            view.is("lambda", &["CreateFunction", "UpdateFunctionConfiguration"]) && view.asks("role");
        if is_set { vec![view.asked_text("role").into_owned().into()] } else { Vec::new() }
    }),
    Fact::flag(
        "lambda.concurrency_zero",
        "a function cannot run any more: its concurrency is set to 0",
        |view| {
            let asked = members::number(view.asked("reservedConcurrentExecutions"));
            view.is("lambda", &["PutFunctionConcurrency"]) && asked == Some(0)
        },
    ),
];

fn is_none(auth: &str) -> bool {
    auth.eq_ignore_ascii_case("NONE")
}

/// The foreign accounts of the ARNs at a member.
fn accounts(view: &View<'_>, operations: &[&str], member: &str) -> Vec<Text> {
    if !view.is("lambda", operations) {
        return Vec::new();
    }
    let arns = members::texts(view.request(), member);
    let accounts = arns.iter().filter_map(|arn| arn.split(':').nth(4)).filter(|id| is_account(id));
    accounts.filter(|id| view.is_foreign(id)).map(|id| id.to_owned().into()).collect()
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::*;
    use serde_json::json;

    #[test]
    fn functions() {
        let layer = "arn:aws:lambda:eu-west-1:444455556666:layer:x:1";
        for (operation, request, fact, value) in [
            ("CreateFunctionUrlConfig", json!({"authType": "NONE"}), "lambda.url_public", "true"),
            ("UpdateFunctionUrlConfig", json!({"authType": "AWS_IAM"}), "lambda.url_public", "false"),
            ("AddPermission20150331v2", json!({"functionUrlAuthType": "NONE"}), "lambda.url_public", "true"),
            ("DeleteFunctionUrlConfig", json!({"authType": "NONE"}), "lambda.url_public", "false"),
            (
                "UpdateFunctionConfiguration20150331v2",
                json!({"layers": [layer, "arn:aws:lambda:eu-west-1:111122223333:layer:y:1"]}),
                "lambda.foreign_layers",
                "444455556666",
            ),
            ("UpdateFunctionConfiguration20150331v2", json!({"layers": []}), "lambda.foreign_layers", ""),
            (
                "CreateEventSourceMapping20150331",
                json!({"eventSourceArn": "arn:aws:sqs:eu-west-1:444455556666:q"}),
                "lambda.foreign_source",
                "444455556666",
            ),
            ("UpdateFunctionConfiguration20150331v2", json!({"role": "arn:r"}), "lambda.role", "arn:r"),
            ("UpdateFunctionConfiguration20150331v2", json!({"timeout": 3}), "lambda.role", ""),
            (
                "PutFunctionConcurrency20171031",
                json!({"reservedConcurrentExecutions": 0}),
                "lambda.concurrency_zero",
                "true",
            ),
            (
                "PutFunctionConcurrency20171031",
                json!({"reservedConcurrentExecutions": 5}),
                "lambda.concurrency_zero",
                "false",
            ),
        ] {
            check(&call("lambda", operation, request), &[(fact, value)]);
        }
    }
}

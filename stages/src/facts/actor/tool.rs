//! What kind of program a user agent names. The caller writes it, so it hints, and proves nothing.

use crate::facts::Text;
use aho_corasick::AhoCorasick;
use std::{ops::Range, sync::LazyLock};

/// Words in the user agents of tools that attackers and testers use, and what we call the tool.
const ATTACK_TOOLS: &[(&str, &str)] = &[
    ("stratus-red-team", "stratus"),
    ("pacu", "pacu"),
    ("cloudfox", "cloudfox"),
    ("scoutsuite", "scoutsuite"),
    ("prowler", "prowler"),
    ("s3browser", "s3browser"),
    ("s3 browser", "s3browser"),
    ("s3scanner", "s3scanner"),
    ("trufflehog", "trufflehog"),
    ("gitleaks", "gitleaks"),
    ("nmap", "nmap"),
    ("sqlmap", "sqlmap"),
    ("enumerate-iam", "enumerate-iam"),
    ("weirdaal", "weirdaal"),
    ("cloudsploit", "cloudsploit"),
    ("endgame", "endgame"),
    ("kali", "kali"),
    ("parrot", "parrot"),
    ("blackarch", "blackarch"),
    ("pentoo", "pentoo"),
];

/// Words of other programs, the more telling ones first.
const TOOLS: &[(&str, &str)] = &[
    ("terraform", "terraform"),
    ("opentofu", "terraform"),
    ("pulumi", "pulumi"),
    ("cloudformation", "cloudformation"),
    ("aws-cdk", "cdk"),
    ("crossplane", "crossplane"),
    ("ansible", "ansible"),
    ("console.amazonaws.com", "console"),
    ("signin.amazonaws.com", "console"),
    ("s3console", "console"),
    ("console", "console"),
    ("cloudshell", "cloudshell"),
    ("aws-cli", "cli"),
    ("powershell", "powershell"),
    ("boto", "boto"),
    ("aws-sdk-go", "sdk-go"),
    ("aws-sdk-java", "sdk-java"),
    ("aws-sdk-js", "sdk-js"),
    ("aws-sdk-nodejs", "sdk-js"),
    ("aws-sdk-rust", "sdk-rust"),
    ("aws-sdk-ruby", "sdk-ruby"),
    ("aws-sdk-php", "sdk-php"),
    ("aws-sdk-dotnet", "sdk-dotnet"),
    ("aws-sdk-cpp", "sdk-cpp"),
    ("aws-sdk-swift", "sdk-swift"),
    ("aws-sdk-kotlin", "sdk-kotlin"),
    ("rusoto", "sdk-rust"),
    ("curl/", "curl"),
    ("postman", "postman"),
    ("python-requests", "python-requests"),
    ("mozilla/", "console"),
    ("aws internal", "aws"),
    (".amazonaws.com", "aws"),
];

/// All words, those of attackers first: one pass over an agent finds them, whatever their case.
static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = ATTACK_TOOLS.iter().chain(TOOLS).map(|(word, _)| word);
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok()
});

/// The tools that an agent names: an attacker's, and another.
fn named(agent: &str) -> [Option<&'static str>; 2] {
    let mut first = [usize::MAX; 2];
    for found in WORDS.iter().flat_map(|words| words.find_overlapping_iter(agent)) {
        let at = found.pattern().as_usize();
        match at.checked_sub(ATTACK_TOOLS.len()) {
            Some(at) => first[1] = first[1].min(at),
            None if stands_alone(agent, found.range()) => first[0] = first[0].min(at),
            None => {}
        }
    }
    [(ATTACK_TOOLS, first[0]), (TOOLS, first[1])].map(|(tools, at)| tools.get(at).map(|(_, name)| *name))
}

/// Whether no letter is beside a word, so that `kali` is not found in `alkaline`.
fn stands_alone(agent: &str, word: Range<usize>) -> bool {
    let bytes = agent.as_bytes();
    let ends = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphabetic());
    ends(bytes[..word.start].last()) && ends(bytes.get(word.end))
}

/// Whether it names a tool of attackers or testers.
pub(super) fn is_attack(agent: &str) -> bool {
    named(agent)[0].is_some()
}

/// The tool; two where one drives another, as testers let Terraform prepare what they attack.
pub(super) fn of(agent: &str) -> Vec<Text> {
    let tools: Vec<Text> = named(agent).into_iter().flatten().map(Text::from).collect();
    if tools.is_empty() { vec!["unknown".into()] } else { tools }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents() {
        for (agent, tool, attack) in [
            ("aws-cli/2.17.32 md/awscrt#0.21.2 os/linux#5.10 lang/python#3.11", "cli", false),
            ("aws-cli/1.22.34 Python/3.10.4 Linux/5.18.0-kali5-amd64 botocore/1.24.34", "kali cli", true),
            (
                "Boto3/1.26.165 Python/3.10.6 Linux/6.1.0-1parrot1-amd64 Botocore/1.29.165",
                "parrot boto",
                true,
            ),
            ("APN/1.0 HashiCorp/1.0 Terraform/1.1.2 stratus-red-team_39f95f43", "stratus terraform", true),
            ("APN/1.0 HashiCorp/1.0 Terraform/1.1.2 aws-sdk-go/1.40.25", "terraform", false),
            ("[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488]", "console", false),
            ("[Boto3/1.26.165 Python/3.10.6 Botocore/1.29.165]", "boto", false),
            ("aws-sdk-go-v2/1.17.0 os/linux lang/go/1.18.10", "sdk-go", false),
            ("stratus-red-team_39f95f43-cd2f-4beb-b69e-be60b6fe1f57", "stratus", true),
            ("S3 Browser/10.0.9 (https://s3browser.com)", "s3browser", true),
            ("Mozilla/5.0 (X11; Linux x86_64)", "console", false),
            ("cloudformation.amazonaws.com", "cloudformation", false),
            ("secretsmanager.amazonaws.com", "aws", false),
            ("alkaline/1.0", "unknown", false),
            ("pacuş/1", "pacu", true),
            ("", "unknown", false),
        ] {
            assert_eq!((of(agent).join(" ").as_str(), is_attack(agent)), (tool, attack), "{agent}");
        }
    }
}

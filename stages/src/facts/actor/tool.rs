//! What kind of program a user agent names. The caller writes it, so it hints, and proves nothing.

use crate::facts::Text;

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

/// Whether the words of an agent contain a tool's: with no letter beside it, so that `kali` is not found in `alkaline`.
fn has_word(agent: &str, word: &str) -> bool {
    agent.match_indices(word).any(|(at, _)| {
        let before = agent[..at].bytes().next_back();
        let after = agent[at + word.len()..].bytes().next();
        let ends = |byte: Option<u8>| byte.is_none_or(|byte| !byte.is_ascii_alphabetic());
        ends(before) && ends(after)
    })
}

fn attack(agent: &str) -> Option<&'static str> {
    ATTACK_TOOLS.iter().find(|(word, _)| has_word(agent, word)).map(|(_, name)| *name)
}

/// Whether it names a tool of attackers or testers.
pub(super) fn is_attack(agent: &str) -> bool {
    attack(&agent.to_ascii_lowercase()).is_some()
}

/// The tool; two where one drives another, as testers let Terraform prepare what they attack.
pub(super) fn of(agent: &str) -> Vec<Text> {
    let agent = agent.to_ascii_lowercase();
    let known = TOOLS.iter().find(|(word, _)| agent.contains(word)).map(|(_, name)| *name);
    let tools: Vec<Text> = attack(&agent).into_iter().chain(known).map(Text::from).collect();
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

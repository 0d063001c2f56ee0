//! What could be covered: ATT&CK's techniques for IaaS, by tactic, in version 19 (which split Defense Evasion into
//! Stealth and Defense Impairment and gave Impair Defenses new numbers), and the monitoring controls of the CIS
//! AWS Foundations Benchmark.

/// A tactic: as tags write it, as people do, and its techniques by id and name.
pub type Tactic = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[rustfmt::skip]
pub const TACTICS: &[Tactic] = &[
    ("initial-access", "Initial Access", &[
        ("T1078", "Valid Accounts"), ("T1190", "Exploit Public-Facing Application"), ("T1199", "Trusted Relationship"),
    ]),
    ("execution", "Execution", &[
        ("T1059", "Command and Scripting Interpreter"), ("T1204", "User Execution"), ("T1648", "Serverless Execution"),
        ("T1651", "Cloud Administration Command"),
    ]),
    ("persistence", "Persistence", &[
        ("T1098", "Account Manipulation"), ("T1136", "Create Account"), ("T1525", "Implant Internal Image"),
        ("T1546", "Event Triggered Execution"), ("T1556", "Modify Authentication Process"), ("T1078", "Valid Accounts"),
    ]),
    ("privilege-escalation", "Privilege Escalation", &[
        ("T1098", "Account Manipulation"), ("T1484", "Domain or Tenant Policy Modification"),
        ("T1546", "Event Triggered Execution"), ("T1548", "Abuse Elevation Control Mechanism"), ("T1078", "Valid Accounts"),
    ]),
    ("stealth", "Stealth", &[
        ("T1070", "Indicator Removal"), ("T1535", "Unused/Unsupported Cloud Regions"),
        ("T1550", "Use Alternate Authentication Material"), ("T1578", "Modify Cloud Compute Infrastructure"),
        ("T1666", "Modify Cloud Resource Hierarchy"), ("T1078", "Valid Accounts"),
    ]),
    ("defense-impairment", "Defense Impairment", &[
        ("T1685", "Disable or Modify Tools"), ("T1686", "Disable or Modify System Firewall"),
    ]),
    ("credential-access", "Credential Access", &[
        ("T1040", "Network Sniffing"), ("T1110", "Brute Force"), ("T1528", "Steal Application Access Token"),
        ("T1552", "Unsecured Credentials"), ("T1555", "Credentials from Password Stores"),
        ("T1556", "Modify Authentication Process"), ("T1606", "Forge Web Credentials"),
        ("T1621", "Multi-Factor Authentication Request Generation"),
    ]),
    ("discovery", "Discovery", &[
        ("T1046", "Network Service Discovery"), ("T1069", "Permission Groups Discovery"), ("T1087", "Account Discovery"),
        ("T1201", "Password Policy Discovery"), ("T1518", "Software Discovery"), ("T1526", "Cloud Service Discovery"),
        ("T1538", "Cloud Service Dashboard"), ("T1580", "Cloud Infrastructure Discovery"),
        ("T1619", "Cloud Storage Object Discovery"), ("T1654", "Log Enumeration"),
    ]),
    ("lateral-movement", "Lateral Movement", &[
        ("T1021", "Remote Services"), ("T1550", "Use Alternate Authentication Material"),
    ]),
    ("collection", "Collection", &[
        ("T1074", "Data Staged"), ("T1119", "Automated Collection"), ("T1213", "Data from Information Repositories"),
        ("T1530", "Data from Cloud Storage"),
    ]),
    ("exfiltration", "Exfiltration", &[
        ("T1048", "Exfiltration Over Alternative Protocol"), ("T1537", "Transfer Data to Cloud Account"),
        ("T1567", "Exfiltration Over Web Service"),
    ]),
    ("impact", "Impact", &[
        ("T1485", "Data Destruction"), ("T1486", "Data Encrypted for Impact"), ("T1489", "Service Stop"),
        ("T1490", "Inhibit System Recovery"), ("T1491", "Defacement"), ("T1496", "Resource Hijacking"),
        ("T1498", "Network Denial of Service"), ("T1499", "Endpoint Denial of Service"),
        ("T1531", "Account Access Removal"), ("T1657", "Financial Theft"),
    ]),
];

/// Tactics that have no technique for IaaS, and are valid all the same.
pub const OTHER_TACTICS: &[&str] = &["reconnaissance", "resource-development", "command-and-control"];

/// CIS monitoring controls by their second number, which 4.x (up to v5) and 5.x (from v6) share.
pub const CIS: &[&str] = &[
    "unauthorized calls",
    "console sign-in without MFA",
    "use of root",
    "IAM policy changes",
    "CloudTrail configuration changes",
    "console authentication failures",
    "KMS keys disabled or scheduled for deletion",
    "S3 bucket policy changes",
    "AWS Config changes",
    "security group changes",
    "network ACL changes",
    "network gateway changes",
    "route table changes",
    "VPC changes",
    "AWS Organizations changes",
];

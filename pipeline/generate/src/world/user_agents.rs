//! What tools call themselves.

use crate::random::{Random, push_number};

/// A kind of caller, by the tool it uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Cli,
    Boto3,
    Terraform,
    Java,
    Go,
    JavaScript,
    Browser,
}

impl Tool {
    /// The user agent of one installation of the tool. Minor versions differ from caller to caller.
    pub(crate) fn user_agent(self, random: &mut Random) -> String {
        self.template().split('#').enumerate().fold(String::new(), |mut out, (idx, part)| {
            if idx > 0 {
                push_number(&mut out, random.between(1, 38));
            }
            out.push_str(&part.replace('~', "#"));
            out
        })
    }

    /// A `#` stands for a number, and a `~` for the `#` that SDKs write between a name and its version.
    fn template(self) -> &'static str {
        match self {
            Tool::Cli => {
                "aws-cli/2.#.# md/awscrt~0.28.4 ua/2.1 os/linux~6.8.0-1021-aws md/arch~x86_64 \
                 lang/python~3.13.# md/pyimpl~CPython m/E,b,Z,g cfg/retry-mode~standard md/installer~exe \
                 md/distrib~amzn.2023 md/prompt~off md/command~s3api.list-objects-v2"
            }
            Tool::Boto3 => {
                "Boto3/1.#.# md/Botocore~1.40.# ua/2.1 os/linux~5.10.242-219.961.amzn2.x86_64 \
                 md/arch~x86_64 lang/python~3.12.# md/pyimpl~CPython exec-env/AWS_Lambda_python3.12 \
                 m/Z,D,b,e cfg/retry-mode~legacy Botocore/1.40.#"
            }
            Tool::Terraform => {
                "APN/1.0 HashiCorp/1.0 Terraform/1.#.# (+https://www.terraform.io) \
                 terraform-provider-aws/6.#.0 (+https://registry.terraform.io/providers/hashicorp/aws) \
                 aws-sdk-go-v2/1.39.# ua/2.1 os/linux lang/go~1.24.# md/GOOS~linux md/GOARCH~amd64 \
                 api/ec2~1.254.#"
            }
            Tool::Java => {
                "aws-sdk-java/2.33.# md/io~sync md/http~Apache md/internal ua/2.1 api/S3~2.33.# \
                 os/Linux~6.1.147-172.266.amzn2023.x86_64 lang/java~21.0.# md/OpenJDK_64-Bit_Server_VM~21.0 \
                 md/vendor~Amazon.com_Inc. md/en_US exec-env/AWS_ECS_FARGATE m/D,E cfg/retry-mode~legacy"
            }
            Tool::Go => {
                "aws-sdk-go-v2/1.39.# ua/2.1 os/linux lang/go~1.24.# md/GOOS~linux md/GOARCH~arm64 \
                 api/dynamodb~1.50.# exec-env/AWS_EKS m/E,g"
            }
            Tool::JavaScript => {
                "aws-sdk-js/3.8#.0 ua/2.1 os/linux~5.10.242-219.961.amzn2.aarch64 lang/js \
                 md/nodejs~22.#.0 api/lambda~3.8#.0 exec-env/AWS_Lambda_nodejs22.x m/E"
            }
            Tool::Browser => {
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 \
                 (KHTML, like Gecko) Chrome/1#.0.0.0 Safari/537.36"
            }
        }
    }
}

//! Calls that read: most of what any account logs.

use super::op::Op;

const ROLE: &str =
    r#"[{"accountId":"$a","type":"AWS::IAM::Role","ARN":"arn:aws:iam::$a:role/$q-task-role"}]"#;
const KEY: &str = r#"[{"accountId":"$a","type":"AWS::KMS::Key","ARN":"arn:aws:kms:$r:$a:key/1234abcd-12ab-34cd-56ef-1234567890ab"}]"#;
const BUCKET: &str = r#"[{"accountId":"$a","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::$b"}]"#;
pub(super) const S3_DATA: &str = r#"{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":0,"AuthenticationMethod":"AuthHeader","x-amz-id-2":"$h","bytesTransferredOut":$n}"#;
const ASSUMED: &str = r#"{"credentials":{"accessKeyId":"ASIA$oEXAMPLE","sessionToken":"IQoJb3JpZ2luX2VjE$h$h$h$h$h$h","expiration":"$z"},"assumedRoleUser":{"assumedRoleId":"AROA$oEXAMPLE:$q","arn":"arn:aws:sts::$a:assumed-role/$q-task-role/$q"}}"#;

/// Calls of people and workloads.
pub(super) const READS: [Op; 44] = [
    Op::read(90, "ec2", "DescribeInstances", r#"{"maxResults":1000,"instancesSet":{},"filterSet":{"items":[{"name":"instance-state-name","valueSet":{"items":[{"value":"running"}]}},{"name":"tag:service","valueSet":{"items":[{"value":"$q"}]}}]}}"#),
    Op::read(30, "ec2", "DescribeNetworkInterfaces", r#"{"networkInterfaceIdSet":{},"filterSet":{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"$v"}]}},{"name":"status","valueSet":{"items":[{"value":"in-use"}]}}]}}"#),
    Op::read(30, "ec2", "DescribeSecurityGroups", r#"{"securityGroupSet":{},"securityGroupIdSet":{"items":[{"groupId":"$g"}]},"filterSet":{}}"#),
    Op::read(30, "ec2", "DescribeSubnets", r#"{"subnetSet":{"items":[{"subnetId":"$s"}]},"filterSet":{}}"#),
    Op::read(26, "ec2", "DescribeVpcs", r#"{"vpcSet":{"items":[{"vpcId":"$v"}]},"filterSet":{}}"#),
    Op::read(26, "ec2", "DescribeRouteTables", r#"{"routeTableIdSet":{},"filterSet":{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"$v"}]}}]}}"#),
    Op::read(22, "ec2", "DescribeVolumes", r#"{"volumeSet":{"items":[{"volumeId":"$w"}]},"filterSet":{}}"#),
    Op::read(20, "ec2", "DescribeTags", r#"{"filterSet":{"items":[{"name":"resource-id","valueSet":{"items":[{"value":"$i"}]}}]}}"#),
    Op::read(14, "ec2", "DescribeAvailabilityZones", r#"{"availabilityZoneSet":{},"availabilityZoneIdSet":{}}"#),
    Op::read(60, "sts", "AssumeRole", r#"{"roleArn":"arn:aws:iam::$a:role/$q-task-role","roleSessionName":"$q-$x","durationSeconds":3600}"#).answers(ASSUMED).on(ROLE),
    Op::read(26, "sts", "GetCallerIdentity", "null"),
    Op::read(80, "kms", "Decrypt", r#"{"encryptionContext":{"aws:s3:arn":"arn:aws:s3:::$b/$k"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#).on(KEY),
    Op::read(60, "kms", "GenerateDataKey", r#"{"keySpec":"AES_256","encryptionContext":{"aws:s3:arn":"arn:aws:s3:::$b"},"keyId":"arn:aws:kms:$r:$a:key/1234abcd-12ab-34cd-56ef-1234567890ab"}"#).on(KEY),
    Op::read(8, "kms", "ListAliases", r#"{"limit":100}"#),
    Op::read(34, "ssm", "GetParameter", r#"{"name":"/$p","withDecryption":true}"#),
    Op::read(16, "ssm", "GetParametersByPath", r#"{"path":"/$q/prod","recursive":true,"withDecryption":false}"#),
    Op::read(20, "ssm", "DescribeInstanceInformation", r#"{"maxResults":50,"filters":[{"key":"InstanceIds","values":["$i"]}]}"#),
    Op::read(26, "secretsmanager", "GetSecretValue", r#"{"secretId":"arn:aws:secretsmanager:$r:$a:secret:$q/prod/db-AbCdEf","versionStage":"AWSCURRENT"}"#),
    Op::read(30, "monitoring", "DescribeAlarms", r#"{"alarmNamePrefix":"$q-","maxRecords":100}"#),
    Op::read(20, "monitoring", "ListMetrics", r#"{"namespace":"AWS/ApplicationELB","metricName":"RequestCount"}"#),
    Op::read(26, "logs", "DescribeLogGroups", r#"{"logGroupNamePrefix":"/aws/lambda/$f","limit":50}"#),
    Op::read(22, "logs", "DescribeLogStreams", r#"{"logGroupName":"/aws/lambda/$f","orderBy":"LastEventTime","descending":true,"limit":50}"#),
    Op::read(30, "autoscaling", "DescribeAutoScalingGroups", r#"{"autoScalingGroupNames":["$q-asg-$n"],"maxRecords":50}"#),
    Op::read(40, "elasticloadbalancing", "DescribeTargetHealth", r#"{"targetGroupArn":"arn:aws:elasticloadbalancing:$r:$a:targetgroup/$q/73e2d6bc24d8a067"}"#),
    Op::read(16, "elasticloadbalancing", "DescribeLoadBalancers", r#"{"names":["$q-public"]}"#),
    Op::read(34, "ecs", "DescribeTasks", r#"{"cluster":"prod","tasks":["arn:aws:ecs:$r:$a:task/prod/$x"],"include":["TAGS"]}"#),
    Op::read(20, "ecs", "DescribeServices", r#"{"cluster":"prod","services":["$q"]}"#),
    Op::read(16, "eks", "DescribeCluster", r#"{"name":"prod"}"#),
    Op::read(20, "ecr", "BatchGetImage", r#"{"registryId":"$a","repositoryName":"$q","imageIds":[{"imageTag":"build-$n"}],"acceptedMediaTypes":["application/vnd.oci.image.manifest.v1+json","application/vnd.docker.distribution.manifest.v2+json"]}"#).on(r#"[{"accountId":"$a","ARN":"arn:aws:ecr:$r:$a:repository/$q"}]"#),
    Op::read(16, "ecr", "GetAuthorizationToken", "null"),
    Op::read(22, "rds", "DescribeDBInstances", r#"{"dBInstanceIdentifier":"$q-prod","maxRecords":100}"#),
    Op::read(12, "rds", "ListTagsForResource", r#"{"resourceName":"arn:aws:rds:$r:$a:db:$q-prod"}"#),
    Op::read(26, "dynamodb", "DescribeTable", r#"{"tableName":"$t"}"#).on(r#"[{"accountId":"$a","type":"AWS::DynamoDB::Table","ARN":"arn:aws:dynamodb:$r:$a:table/$t"}]"#),
    Op::read(18, "lambda", "GetFunctionConfiguration20150331v2", r#"{"functionName":"arn:aws:lambda:$r:$a:function:$f"}"#),
    Op::read(14, "s3", "GetBucketLocation", r#"{"bucketName":"$b","Host":"$b.s3.$r.amazonaws.com","location":""}"#).on(BUCKET).with(S3_DATA),
    Op::read(14, "s3", "GetBucketEncryption", r#"{"bucketName":"$b","Host":"$b.s3.$r.amazonaws.com","encryption":""}"#).on(BUCKET).with(S3_DATA),
    Op::read(10, "iam", "GetRole", r#"{"roleName":"$q-task-role"}"#),
    Op::read(10, "iam", "ListAttachedRolePolicies", r#"{"roleName":"$q-task-role"}"#),
    Op::read(10, "cloudformation", "DescribeStacks", r#"{"stackName":"arn:aws:cloudformation:$r:$a:stack/$q/$u"}"#),
    Op::read(16, "tagging", "GetResources", r#"{"resourcesPerPage":100,"tagFilters":[{"key":"service","values":["$q"]}],"resourceTypeFilters":["ec2:instance","rds:db"]}"#),
    Op::read(8, "health", "DescribeEventAggregates", r#"{"aggregateField":"eventTypeCategory","filter":{"eventStatusCodes":["open","upcoming"]}}"#),
    Op::read(6, "organizations", "DescribeOrganization", "null"),
    Op::read(6, "glue", "BatchGetPartition", r#"[{"values":["$d"]},{"values":["$d","$n"]}]"#),
    Op::read(6, "cognito-idp", "ListUserPoolClients", r#""HIDDEN_DUE_TO_SECURITY_REASONS""#),
];

/// Calls that AWS services make on their own, in the account of the resource.
pub(super) const SERVICE_READS: [Op; 4] = [
    Op::read(70, "sts", "AssumeRole", r#"{"roleArn":"arn:aws:iam::$a:role/$q-task-role","roleSessionName":"$f","externalId":"$u","durationSeconds":3600}"#).answers(ASSUMED).on(ROLE),
    Op::read(14, "s3", "GetBucketAcl", r#"{"bucketName":"$b","Host":"$b.s3.$r.amazonaws.com","acl":""}"#).on(BUCKET).with(S3_DATA),
    Op::read(10, "kms", "GenerateDataKey", r#"{"keySpec":"AES_256","encryptionContext":{"aws:cloudtrail:arn":"arn:aws:cloudtrail:$r:$a:trail/organization"},"keyId":"arn:aws:kms:$r:$a:key/1234abcd-12ab-34cd-56ef-1234567890ab"}"#).on(KEY),
    Op::read(6, "kms", "Decrypt", r#"{"encryptionContext":{"aws:lambda:FunctionArn":"arn:aws:lambda:$r:$a:function:$f"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}"#).on(KEY),
];

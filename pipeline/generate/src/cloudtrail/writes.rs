//! Calls that change something, all of them of the everyday kind: no rule has a reason to fire on one.

use super::op::Op;

/// Management writes of people and workloads.
pub(super) const WRITES: [Op; 18] = [
    Op::write(90, "logs", "CreateLogStream", r#"{"logGroupName":"/aws/lambda/$f","logStreamName":"$d/[$LATEST]$x"}"#),
    Op::write(60, "monitoring", "PutMetricData", r#"{"namespace":"$q/service"}"#),
    Op::write(40, "ec2", "CreateTags", r#"{"resourcesSet":{"items":[{"resourceId":"$i"}]},"tagSet":{"items":[{"key":"service","value":"$q"},{"key":"build","value":"$n"}]}}"#)
        .answers(r#"{"requestId":"$u","_return":true}"#),
    Op::write(20, "ec2", "RunInstances", r#"{"instancesSet":{"items":[{"imageId":"ami-0$x","minCount":1,"maxCount":1}]},"instanceType":"t3.medium","blockDeviceMapping":{},"monitoring":{"enabled":false},"subnetId":"$s","disableApiTermination":false,"disableApiStop":false,"clientToken":"$u","launchTemplate":{"launchTemplateId":"lt-0$x","version":"7"}}"#)
        .answers(r#"{"requestId":"$u","reservationId":"r-0$x","ownerId":"$a","groupSet":{},"instancesSet":{"items":[{"instanceId":"$i","imageId":"ami-0$x","instanceState":{"code":0,"name":"pending"},"instanceType":"t3.medium","subnetId":"$s","vpcId":"$v","privateIpAddress":"$y"}]}}"#),
    Op::write(16, "ec2", "StartInstances", r#"{"instancesSet":{"items":[{"instanceId":"$i"}]}}"#)
        .answers(r#"{"requestId":"$u","instancesSet":{"items":[{"instanceId":"$i","currentState":{"code":0,"name":"pending"},"previousState":{"code":80,"name":"stopped"}}]}}"#),
    Op::write(14, "ec2", "TerminateInstances", r#"{"instancesSet":{"items":[{"instanceId":"$i"}]}}"#)
        .answers(r#"{"requestId":"$u","instancesSet":{"items":[{"instanceId":"$i","currentState":{"code":32,"name":"shutting-down"},"previousState":{"code":16,"name":"running"}}]}}"#),
    Op::write(20, "ec2", "CreateNetworkInterface", r#"{"subnetId":"$s","description":"AWS Lambda VPC ENI-$q-$u","groupSet":{"items":[{"groupId":"$g"}]},"privateIpAddressesSet":{},"clientToken":"$u"}"#)
        .answers(r#"{"requestId":"$u","networkInterface":{"networkInterfaceId":"$e","subnetId":"$s","vpcId":"$v","ownerId":"$a","privateIpAddress":"$y","status":"pending"}}"#),
    Op::write(30, "ssm", "PutParameter", r#"{"name":"/$p","type":"SecureString","keyId":"alias/aws/ssm","overwrite":true,"value":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#)
        .answers(r#"{"version":$n,"tier":"Standard"}"#),
    Op::write(30, "ssm", "UpdateInstanceInformation", r#"{"instanceId":"$i","agentVersion":"3.3.2299.0","agentStatus":"Active","platformType":"Linux","platformName":"Amazon Linux","platformVersion":"2023","iPAddress":"$y","computerName":"ip-10-0-0-12.$r.compute.internal","agentName":"amazon-ssm-agent","availabilityZone":"$ra"}"#),
    Op::write(24, "ecs", "RegisterTaskDefinition", r#"{"family":"$q","networkMode":"awsvpc","requiresCompatibilities":["FARGATE"],"cpu":"512","memory":"1024","executionRoleArn":"arn:aws:iam::$a:role/ecs-execution","containerDefinitions":[{"name":"$q","image":"$a.dkr.ecr.$r.amazonaws.com/$q:build-$n","essential":true,"portMappings":[{"containerPort":8080,"protocol":"tcp"}]}]}"#)
        .answers(r#"{"taskDefinition":{"taskDefinitionArn":"arn:aws:ecs:$r:$a:task-definition/$q:$n","family":"$q","revision":$n,"status":"ACTIVE"}}"#),
    Op::write(24, "ecs", "UpdateService", r#"{"cluster":"prod","service":"$q","taskDefinition":"$q:$n","desiredCount":3,"forceNewDeployment":false}"#)
        .answers(r#"{"service":{"serviceArn":"arn:aws:ecs:$r:$a:service/prod/$q","serviceName":"$q","status":"ACTIVE","desiredCount":3,"runningCount":3,"pendingCount":0}}"#),
    Op::write(40, "ecs", "SubmitTaskStateChange", r#"{"cluster":"prod","task":"arn:aws:ecs:$r:$a:task/prod/$x","status":"RUNNING","containers":[{"containerName":"$q","status":"RUNNING","runtimeId":"$x"}]}"#)
        .answers(r#"{"acknowledgment":"ACK"}"#),
    Op::write(24, "lambda", "TagResource20170331v2", r#"{"resource":"arn:aws:lambda:$r:$a:function:$f","tags":{"service":"$q","build":"$n"}}"#),
    Op::write(16, "sns", "TagResource", r#"{"resourceArn":"arn:aws:sns:$r:$a:$q-notices","tags":[{"key":"service","value":"$q"}]}"#),
    Op::write(12, "dynamodb", "TagResource", r#"{"resourceArn":"arn:aws:dynamodb:$r:$a:table/$t","tags":[{"key":"service","value":"$q"}]}"#),
    Op::write(20, "autoscaling", "SetDesiredCapacity", r#"{"autoScalingGroupName":"$q-asg","desiredCapacity":4,"honorCooldown":true}"#),
    Op::write(20, "elasticloadbalancing", "RegisterTargets", r#"{"targetGroupArn":"arn:aws:elasticloadbalancing:$r:$a:targetgroup/$q/73e2d6bc24d8a067","targets":[{"id":"$y","port":8080}]}"#),
    Op::write(14, "states", "StartExecution", r#"{"stateMachineArn":"arn:aws:states:$r:$a:stateMachine:$q-nightly","name":"$u","input":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#)
        .answers(r#"{"executionArn":"arn:aws:states:$r:$a:execution:$q-nightly:$u","startDate":"$z"}"#),
];

// What the doctor has found in the report that docs/operations.md shows.
import type { Component } from '../../src/cli/doctor/report.ts'

export const findings: readonly Component[] = [
  {
    kind: 'configuration',
    id: 'configuration',
    findings: [{ level: 'ok', what: 'config.yaml is valid', detail: '1 receiver, 2 exporters' }],
  },
  {
    kind: 'ledger',
    id: 'ledger',
    findings: [
      { level: 'ok', what: 'the ledger can be kept at /var/lib/circleci-audit-forwarder/ledger.db' },
      { level: 'ok', what: 'a running forwarder holds it' },
      { level: 'ok', what: 'its version is known', detail: 'schema 1' },
      { level: 'ok', what: 'the disk has room', detail: '9,214 MiB free' },
    ],
  },
  {
    kind: 'store',
    id: 'circleci_audit',
    findings: [
      { level: 'ok', what: 'objects under s3://acme-circleci-audit/audit-logs can be listed' },
      {
        level: 'error',
        what: 'the newest object can be read and decoded',
        detail: 'cannot read s3://acme-circleci-audit/audit-logs/year=2026/…: AccessDenied: Access Denied',
        next: "grant s3:GetObject on arn:aws:s3:::acme-circleci-audit/audit-logs/*, and kms:Decrypt on the bucket's key if it has one",
      },
      {
        level: 'ok',
        what: 'CircleCI keeps writing',
        detail: 'the newest object is of 2026-11-21T07:52:30Z, 4.2 min ago',
      },
      { level: 'ok', what: "this machine's clock agrees with the store's" },
      { level: 'ok', what: 'the region is right', detail: 'the bucket lies in us-east-1' },
    ],
  },
  {
    kind: 'queue',
    id: 'circleci_audit',
    findings: [
      { level: 'ok', what: 'the queue is there', detail: 'about 0 messages waiting, 0 being read' },
      { level: 'ok', what: 'messages may be deleted (sqs:DeleteMessage)' },
      {
        level: 'unknown',
        what: 'messages may be received (sqs:ReceiveMessage)',
        detail: 'not tried: a message received here would be hidden from the forwarder for a while',
        next: 'the log of `run` says "cannot receive from" if it may not',
      },
    ],
  },
  {
    kind: 'destination',
    id: 'splunk_hec/soc',
    findings: [
      { level: 'ok', what: 'HTTP Event Collector is healthy' },
      {
        level: 'error',
        what: 'token is accepted',
        detail: 'HTTP 403: Invalid token (code 4)',
        next: "check the credentials and what they are allowed to do in the destination's settings",
      },
    ],
  },
]

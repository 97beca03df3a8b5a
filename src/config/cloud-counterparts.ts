// What other programs call the settings of Azure's and Google's stores and queues.

type Says = Readonly<Record<string, string>>

const azureIdentity =
  'credentials come from the identity of the pod or machine (Entra ID); where there is none, a shared access signature is `sas_token`'
export const azure: Says = {
  account_key: azureIdentity,
  access_key: azureIdentity,
  storage_account_key: azureIdentity,
  connection_string: azureIdentity,
  storage_connection_string: azureIdentity,
  credentials: azureIdentity,
  auth: azureIdentity,
  tenant_id: 'write it into AZURE_TENANT_ID, where the kind of identity needs it',
  managed_identity: 'it is used by itself; one of several is chosen by `client_id`',
  sas: 'write `sas_token`',
  storage_sas_token: 'write `sas_token`',
  storage_account: 'write `account`',
  account_name: 'write `account`',
  url: 'write `account`, or `endpoint` in another cloud',
  queue_url: 'write `account` and `queue`',
  queue_name: 'write `queue`',
  bucket: 'write `container`',
  container_name: 'write `container`',
  visibility_timeout_secs: 'write `visibility_timeout: 60s`',
}

const googleIdentity =
  'credentials come from workload identity or the attached service account; those of a file are named by GOOGLE_APPLICATION_CREDENTIALS'
export const gcs: Says = {
  credentials: googleIdentity,
  credentials_file: googleIdentity,
  credentials_path: googleIdentity,
  credentials_json: googleIdentity,
  key_file: googleIdentity,
  service_account: googleIdentity,
  auth: googleIdentity,
  project: 'a bucket is named without its project',
  project_id: 'a bucket is named without its project',
  region: 'a bucket is found without its region',
}

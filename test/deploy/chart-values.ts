// The least values, to be changed by tests.
export const store = { s3: { bucket: 'acme-circleci-audit', region: 'us-east-1' } }
export const config = {
  receivers: { circleci_audit: { store } },
  exporters: { otlp_http: { endpoint: 'http://c:4318' } },
}

/** The same with this `service`. */
export const service = (settings: object) => ({ ...config, service: settings })

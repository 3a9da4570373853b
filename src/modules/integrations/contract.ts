import { z } from 'zod'
import { defineContract } from '#core/module'
import { identity } from '#modules/identity'

const webhook = z.uuid()
const letter = z.uuid()

/** The words of what leads out: events sent to other programs, and letters to people. */
export const integrations = defineContract({
  id: 'integrations',
  title: 'Integrations',
  needs: [identity],
  tables: {
    sealing_key: 'changing',
    endpoint: 'changing',
    endpoint_secret: 'changing',
    delivery: 'changing',
    attempt: 'changing',
    mail_setting: 'changing',
    mail_password: 'changing',
    mail_state: 'changing',
    letter: 'changing',
    notice: 'changing',
  },
  records: {
    webhook: {
      title: 'Webhook',
      table: 'integrations.endpoint',
      fields: {
        id: { kind: 'text', title: 'Id' },
        title: { kind: 'text', title: 'Title' },
        url: { kind: 'text', title: 'Address' },
        events: { kind: 'texts', title: 'Events' },
        actsAs: { kind: 'text', column: 'acts_as', title: 'Acts as' },
        state: { kind: 'text', title: 'State' },
        offWhy: { kind: 'text', column: 'off_why', title: 'Why it is off' },
        failingSince: { kind: 'instant', column: 'failing_since', title: 'Failing since' },
        lastSuccessAt: { kind: 'instant', column: 'last_success_at', title: 'Last success' },
        secrets: { kind: 'json', title: 'Secrets: when made and when they end' },
        createdBy: { kind: 'text', column: 'created_by', title: 'Made by' },
        createdAt: { kind: 'instant', column: 'created_at', title: 'Made' },
        changedAt: { kind: 'instant', column: 'changed_at', title: 'Changed' },
      },
    },
    delivery: {
      title: 'Delivery to a webhook',
      under: 'webhook',
      table: 'integrations.delivery',
      fields: {
        id: { kind: 'text', title: 'Id' },
        webhook: { kind: 'text', column: 'endpoint_id', title: 'Webhook' },
        event: { kind: 'text', title: 'Event' },
        happenedAt: { kind: 'instant', column: 'happened_at', title: 'Happened' },
        data: { kind: 'json', title: 'What was said' },
        state: { kind: 'text', title: 'State' },
        problem: { kind: 'text', title: 'Problem' },
        attempts: { kind: 'json', title: 'Attempts' },
        nextAt: { kind: 'instant', column: 'next_at', title: 'Next attempt' },
      },
    },
    'mail-setting': {
      title: 'Mail server',
      key: [],
      fields: {
        host: { kind: 'text', title: 'Host' },
        port: { kind: 'number', title: 'Port' },
        tls: { kind: 'text', title: 'Encryption' },
        username: { kind: 'text', title: 'User name' },
        password: { kind: 'text', title: 'Password' },
        fromAddress: { kind: 'text', column: 'from_address', title: 'Sender address' },
        fromName: { kind: 'text', column: 'from_name', title: 'Sender name' },
        authority: { kind: 'text', title: 'Own certificate authority' },
      },
    },
    letter: {
      title: 'Letter',
      table: 'integrations.letter',
      fields: {
        id: { kind: 'text', title: 'Id' },
        kind: { kind: 'text', title: 'Kind' },
        recipient: { kind: 'text', title: 'To' },
        state: { kind: 'text', title: 'State' },
        problem: { kind: 'text', title: 'Problem' },
        attempts: { kind: 'number', title: 'Attempts' },
        nextAt: { kind: 'instant', column: 'next_at', title: 'Next attempt' },
        createdAt: { kind: 'instant', column: 'created_at', title: 'Written' },
        endedAt: { kind: 'instant', column: 'ended_at', title: 'Ended' },
      },
    },
  },
  permissions: {
    'webhook.read': 'See webhooks, what was sent to them and what they answered',
    'webhook.change': 'Make, change, test and delete webhooks, and renew their secrets',
    'webhook.resend': 'Send an event to a webhook again',
    'mail-setting.read': 'See which mail server letters go through, and whether it answers',
    'mail-setting.change': 'Change the mail server, which sees the links in all letters, and send a test letter through it',
    'letter.read': 'See which letters wait, went or failed, and to whom; never what they say',
    'letter.retry': 'Have a letter tried again now',
    'letter.drop': 'Drop a letter that has not gone',
  },
  events: {
    'webhook.created': z.strictObject({ webhook }),
    'webhook.changed': z.strictObject({ webhook, fields: z.array(z.string()) }),
    'webhook.deleted': z.strictObject({ webhook }),
    /** It was turned off by us. */
    'webhook.stopped': z.strictObject({ webhook, why: z.enum(['gone', 'dead', 'holder-ended']) }),
    'mail-setting.changed': z.strictObject({ fields: z.array(z.string()) }),
    'letter.failed': z.strictObject({ letter, kind: z.string() }),
  },
})

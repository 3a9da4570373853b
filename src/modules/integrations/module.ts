import type { Handlers } from '#core/jobs'
import { reactionTo, type Module } from '#core/module'
import { identity } from '#modules/identity'
import { integrationsChecks } from './checks.ts'
import { integrations } from './contract.ts'
import { createDeliveries, DELIVERY_JOB, FAN_OUT_JOB, type FanOut } from './deliveries.ts'
import { mailRoutes } from './mail-routes.ts'
import { createMailServer } from './mail-server.ts'
import { createNotices, NOTICES_JOB, type Notices } from './notices.ts'
import type { IntegrationsParts } from './parts.ts'
import { createPost, LETTER_JOB, type Mail } from './post.ts'
import { Sealing } from './sealing.ts'
import { integrationsMigrations } from './store.ts'
import { createTidying, TIDY_JOB } from './tidying.ts'
import { webhookRoutes } from './webhook-routes.ts'
import { createWebhooks } from './webhooks.ts'

interface IntegrationsJobs {
  [LETTER_JOB]: { letter: string }
  [FAN_OUT_JOB]: FanOut
  [DELIVERY_JOB]: { delivery: string }
  [NOTICES_JOB]: object
  [TIDY_JOB]: object
}

export interface IntegrationsServices {
  mail: Mail
  notices: Notices
  /** For the worker: letters, webhooks and what has had its time. */
  handlers: Handlers<IntegrationsJobs>
}

/** What leads out. Its jobs wait for strangers: give them a worker of their own, so that no check waits for them. */
export function createIntegrationsModule(parts: IntegrationsParts): IntegrationsServices & { module: Module<typeof integrations> } {
  const { db, events, random = Math.random } = parts
  const sealing = new Sealing(parts.keys)
  const tidying = createTidying({ db, sealing })
  const post = createPost({ db, events, sealing, tidying, random })
  const notices = createNotices({ ...parts, mail: post.mail })
  const deliveries = createDeliveries({ ...parts, sealing, notices, tidying, random })
  const webhooks = createWebhooks({ ...parts, sealing, queue: deliveries.queue, test: deliveries.test })
  const mailServer = createMailServer({ ...parts, sealing, hasten: post.hasten })
  return {
    mail: post.mail,
    notices: { tell: notices.tell, tellOwners: notices.tellOwners },
    handlers: {
      [LETTER_JOB]: post.attempt,
      [FAN_OUT_JOB]: deliveries.fanOut,
      [DELIVERY_JOB]: deliveries.attempt,
      [NOTICES_JOB]: notices.deliver,
      [TIDY_JOB]: tidying.tidy,
    },
    module: {
      contract: integrations,
      migrations: integrationsMigrations.folder,
      routes: [...webhookRoutes({ db, events, webhooks }), ...mailRoutes({ db, post, mailServer, organisation: parts.organisation })],
      checks: integrationsChecks({ db, sealing }),
      obligations: [],
      reactions: [
        { to: '*', react: deliveries.hear },
        reactionTo(identity, 'person.deactivated', ({ person }, tx) => deliveries.holderEnded(tx, person)),
      ],
      sections: [],
    },
  }
}

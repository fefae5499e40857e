import { WaybillError } from '../../model/errors.ts'
import type { Delivery, Webhook } from '../../model/webhook.ts'
import { callerOf } from '../auth.ts'
import type { V1App, V1Context } from './context.ts'
import { sendEmpty } from './empty.ts'
import { time, timeOrNull } from './encode.ts'
import { pageOf, pageQuery } from './page.ts'
import { Nothing } from './schemas/common.ts'
import {
  CreatedWebhook,
  DeliveryPage,
  DeliveryQuery,
  NewWebhookBody,
  WebhookPage,
  WebhookParams,
  WebhookQuery,
  WebhookWire,
  type DeliveryWire,
} from './schemas/webhook.ts'

/** `/v1/webhooks`: where events of collections and jobs are sent (docs/reference/events.md). */
export function registerWebhooks(app: V1App, context: V1Context): void {
  const { webhooks } = context.services.engine
  const tags = ['webhooks']
  const errors = ['webhook_not_found'] as const

  app.post(
    '/v1/webhooks',
    {
      schema: {
        tags,
        operationId: 'createWebhook',
        summary: 'Have events sent to a URL',
        description:
          'Of a collection (admin), from now on; or of a job, from its first event. The answer alone has the `secret` that deliveries are signed with. Deliveries are CloudEvents 1.0, signed by Standard Webhooks.',
        body: NewWebhookBody,
        response: { 201: CreatedWebhook },
      },
      config: {
        errors: ['invalid_json', 'collection_not_found', 'insufficient_role', 'job_not_found', 'job_expired', 'too_many_webhooks'],
      },
      onRequest: context.needs.write,
    },
    async (request, reply) => {
      const { collection, job, ...wish } = request.body
      if ((collection === undefined) === (job === undefined)) {
        const detail = 'give either collection or job'
        throw new WaybillError('invalid_request', detail, { errors: [{ pointer: '/collection', detail }] })
      }
      const target = job === undefined ? { collection: collection ?? '' } : { job }
      const { webhook, secret } = await webhooks.create(callerOf(request), target, wish)
      // RFC 9111: the secret is for the one who asked
      reply.header('location', `/v1/webhooks/${webhook.id}`).header('cache-control', 'no-store')
      return reply.code(201).send({ ...encodeWebhook(webhook), secret })
    },
  )

  app.get(
    '/v1/webhooks',
    {
      schema: {
        tags,
        operationId: 'listWebhooks',
        summary: 'Webhooks of a collection or a job; with neither those that the caller made',
        querystring: WebhookQuery,
        response: { 200: WebhookPage },
      },
      config: { errors: ['invalid_cursor', 'collection_not_found', 'insufficient_role', 'job_not_found', 'job_expired'] },
      onRequest: context.needs.read,
    },
    async (request, reply) => {
      const { collection, job } = request.query
      const filter = { ...(collection === undefined ? {} : { collection }), ...(job === undefined ? {} : { job }) }
      return pageOf(request, reply, await webhooks.list(callerOf(request), filter, pageQuery(request.query)), encodeWebhook)
    },
  )

  app.get(
    '/v1/webhooks/:webhook',
    {
      schema: { tags, operationId: 'getWebhook', summary: 'A webhook and how it fares', params: WebhookParams, response: { 200: WebhookWire } },
      config: { errors },
      onRequest: context.needs.read,
    },
    async request => encodeWebhook(await webhooks.get(callerOf(request), request.params.webhook)),
  )

  app.delete(
    '/v1/webhooks/:webhook',
    {
      schema: { tags, operationId: 'deleteWebhook', summary: 'Remove a webhook: nothing more is sent', params: WebhookParams, response: { 204: Nothing } },
      config: { errors },
      onRequest: context.needs.write,
    },
    async (request, reply) => {
      await webhooks.remove(callerOf(request), request.params.webhook)
      return sendEmpty(reply, 204)
    },
  )

  app.post(
    '/v1/webhooks/:webhook/enable',
    {
      schema: {
        tags,
        operationId: 'enableWebhook',
        summary: 'Try a webhook again at once that is disabled or failing',
        description: 'What was still to be delivered is sent; what happened while it was disabled is not.',
        params: WebhookParams,
        response: { 200: WebhookWire },
      },
      config: { errors },
      onRequest: context.needs.write,
    },
    async request => encodeWebhook(await webhooks.enable(callerOf(request), request.params.webhook)),
  )

  app.get(
    '/v1/webhooks/:webhook/deliveries',
    {
      schema: {
        tags,
        operationId: 'listDeliveries',
        summary: 'What became of the events of a webhook, newest first; of delivered ones, of the last day',
        params: WebhookParams,
        querystring: DeliveryQuery,
        response: { 200: DeliveryPage },
      },
      config: { errors: [...errors, 'invalid_cursor'] },
      onRequest: context.needs.read,
    },
    async (request, reply) =>
      pageOf(request, reply, await webhooks.deliveries(callerOf(request), request.params.webhook, pageQuery(request.query)), encodeDelivery),
  )
}

function encodeWebhook({
  id,
  url,
  collection,
  job,
  events,
  state,
  createdBy,
  createdAt,
  lastDeliveryAt,
  lastStatus,
  lastError,
  pending,
}: Webhook): WebhookWire {
  const made = { createdBy, createdAt: time(createdAt) }
  return { id, url, collection, job, events: [...events], state, ...made, lastDeliveryAt: timeOrNull(lastDeliveryAt), lastStatus, lastError, pending }
}

function encodeDelivery({ event, lastAttemptAt, nextAttemptAt, ...delivery }: Delivery): DeliveryWire {
  return { ...delivery, event: String(event), lastAttemptAt: timeOrNull(lastAttemptAt), nextAttemptAt: timeOrNull(nextAttemptAt) }
}

// Package meta receives the webhook of a Meta app and calls its Graph API.
//
// One app has one webhook, which serves any number of WhatsApp numbers and
// Facebook pages. [App] is its http.Handler: it answers the verification, checks
// the signature of every delivery over the bytes received, and hands each change
// to the channel it belongs to. Packages whatsapp and messenger register
// themselves.
//
// # At the vendor
//
// In the app's dashboard, under Webhooks, enter the public address at which the
// host mounts the App (https with a valid certificate, self-signed ones are
// refused) and the verify token of [Config]. Subscribe the object "WhatsApp
// Business Account" to messages and smb_message_echoes, the object "Page" to
// messages, message_echoes, message_edits, message_deliveries, message_reads,
// messaging_postbacks, messaging_handovers and standby. The app secret is under
// App settings, Basic.
//
// # Testing locally
//
// An App is a handler: sign a body with [Sign] and serve it to the App with
// package httptest. [GraphConfig].BaseURL points calls to a server of one's own.
package meta

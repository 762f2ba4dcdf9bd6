// Package agent is the customer agent itself.
package agent

// Package release takes one release of the chart in one cluster from what it is to what it shall be.
//
// A run observes the cluster, determines its State, does that state's Action and begins again, until a state has none.
// What it asks of kubectl and Helm is the interface Cluster. Nothing but the namespace and the Lease is written before the
// run holds the Lease, and nothing after it has lost it.
package release

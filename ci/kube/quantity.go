package kube

// Quantity is an amount as Kubernetes writes it: "500m", "1.5Gi", 2.
type Quantity string

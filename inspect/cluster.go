package inspect

import (
	"net/url"
	"strings"

	"github.com/fxrun/fxrun/history"
)

// ClusterText names the cluster of a run for people, as in "temporal at host:7233". It is ""
// for a run without one.
func ClusterText(cluster history.Cluster) string {
	if cluster.Place == "" {
		return cluster.Name
	}
	return cluster.Name + " at " + cluster.Place
}

// ClusterPage returns the address of the page that the cluster has for a run. It is "" if
// there is none, and if the recorded address is no complete http or https address, or has a
// user name or a password.
func ClusterPage(cluster history.Cluster) string {
	address, err := url.Parse(cluster.Page)
	if err != nil || address.Scheme != "http" && address.Scheme != "https" || address.Host == "" || address.User != nil {
		return ""
	}
	return address.String()
}

// WorkerText returns the name of a worker as people need it: without the place of its locks.
func WorkerText(worker string) string {
	name, _, _ := strings.Cut(worker, "@")
	return name
}

package records

import (
	"io"
	"net/url"

	"github.com/foretop/foretop/internal/kube"
)

// Fetch asks a member itself for what is not stored: an object, without a name a list or a watch, or a Pod's log.
type Fetch struct {
	ClusterUID  string
	Ref         kube.Ref // Cluster is for people
	Version     string
	Subresource string // status, scale, log
	Parameters  url.Values
}

// Fetched is its answer, as it comes. Whoever gets it closes Body, which ends the reading; a Read's error is a sentence.
type Fetched struct {
	Warnings []string
	Body     io.ReadCloser // JSON, or the text of a log, without secrets
}

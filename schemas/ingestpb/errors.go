package ingestpb

import "errors"

// ErrFenced says that a newer stream of the same cluster has begun: the holder of the older one must end it.
var ErrFenced = errors.New("a newer collector of this cluster has taken over")

package aggregator

// link is one collector connected by gRPC.
type link struct{}

func (l *link) cut()           {}
func (s *Server) dropRemoved() {}

package server

import "time"

// SetArrivalTime sets how long clients have to send their first requests when the server ends.
func (s *Server) SetArrivalTime(longest time.Duration) { s.arrivalTime = longest }

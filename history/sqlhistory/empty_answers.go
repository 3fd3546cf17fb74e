package sqlhistory

import (
	"context"
	"sync"
)

// maxQuestions is the largest number of questions that are remembered. A program that waits
// asks few of them.
const maxQuestions = 64

// emptyAnswers remembers which questions have found nothing. A program that waits for
// something asks the same questions again and again, and most of the time nobody has written
// anything since. To find that out costs a small part of what the questions cost.
//
// It is safe for concurrent use. Without a version it remembers nothing.
type emptyAnswers struct {
	mu     sync.Mutex
	before map[string]emptyAnswer // by question
}

// emptyAnswer says when a question has found nothing.
type emptyAnswer struct {
	version int64 // of the database, at the latest just before the question was answered
	known   bool  // the version is known
	reached int64 // what EventsAfter has returned beside
}

// ask looks whether a question that has found nothing before still does: holds is true if
// nobody has written since. Otherwise the caller asks the database, and gives the answer to
// note if it is empty. The first time, ask does not look, since most questions are asked once.
func (s *Store) ask(ctx context.Context, question string) (answer emptyAnswer, holds bool) {
	if s.db.Version == nil || ctx.Err() != nil {
		return emptyAnswer{}, false
	}
	s.empty.mu.Lock()
	before, asked := s.empty.before[question]
	s.empty.mu.Unlock()
	if !asked {
		return emptyAnswer{}, false
	}
	version, err := s.db.Version()
	if err != nil {
		return emptyAnswer{}, false // the question itself will say what is wrong
	}
	if before.known && before.version == version {
		return before, true
	}
	return emptyAnswer{version: version, known: true}, false
}

// note remembers that a question has found nothing. The version of the answer is the one that
// ask has found before the question: what was written in between makes it another one, also if
// the question has seen it.
func (s *Store) note(question string, answer emptyAnswer) {
	if s.db.Version == nil {
		return
	}
	s.empty.mu.Lock()
	defer s.empty.mu.Unlock()
	if s.empty.before == nil || len(s.empty.before) >= maxQuestions {
		s.empty.before = make(map[string]emptyAnswer)
	}
	s.empty.before[question] = answer
}

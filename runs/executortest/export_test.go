package executortest

// Tester, Clause and Clauses let this package's own tests watch clauses fail.
type Tester = tester

type Clause struct {
	Name  string
	Check func(t Tester, subject Subject)
}

func Clauses() []Clause {
	var all []Clause
	for _, clause := range clauses() {
		all = append(all, Clause{Name: clause.name, Check: clause.of})
	}
	return all
}

// Package fxruntest runs assets in a test: in memory, with fakes in place of
// resources, and with given values in place of upstream assets.
//
//	result := fxruntest.Materialize(t, "revenue", Definitions(),
//		fx.Replace(&Client{BaseURL: server.URL}),
//		fxruntest.Given("orders", Orders{{ID: 1, Cents: 250}}))
//	if revenue := fxruntest.Value[Revenue](t, result); revenue.Cents != 250 {
//		t.Errorf("got %v", revenue)
//	}
//
// Nothing is written anywhere: values and history live in memory, whatever IO
// managers the definitions name, and IO managers are not started. Everything
// else is as in production: the same checks, wiring, config and teardown.
//
// Values in memory have no stored bytes: an asset that takes another one's as
// []byte needs a test with the manager that makes them.
//
// [Call] runs one function by itself. Whether a value survives its way through
// the definitions' own IO manager is for a test with that manager to say.
package fxruntest

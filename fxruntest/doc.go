// Package fxruntest runs assets in a test. Values stay in memory. Fakes can take
// the place of resources, and given values that of upstream assets.
//
//	result := fxruntest.Materialize(t, "revenue", Definitions(),
//		fx.Replace(&Client{BaseURL: server.URL}),
//		fxruntest.Given("orders", Orders{{ID: 1, Cents: 250}}))
//	if revenue := fxruntest.Value[Revenue](t, result); revenue.Cents != 250 {
//		t.Errorf("got %v", revenue)
//	}
//
// Nothing is written to disk. Values and history are in memory, even if the
// definitions name other IO managers, and IO managers are not started. Everything
// else is as in production: the checks, the parameters, the config, the teardown.
//
// Values in memory have no stored bytes. If an asset takes the bytes of another
// one as []byte, test it with the IO manager that makes the bytes. To check that
// an IO manager stores a value without loss, write a test with this manager too.
//
// [Call] runs one function alone.
package fxruntest

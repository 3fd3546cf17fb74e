// Package carrier reads flights from an airline's API, over HTTP.
//
// Its constructors are ordinary Fx constructors: [NewCredentials] makes what
// [New] logs in with when it starts. Code that reads flights should ask for an
// [API], so that its tests can give it another one.
package carrier

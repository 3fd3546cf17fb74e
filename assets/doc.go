// Package assets turns functions into assets: named, stored values, wired to
// each other and to a container's resources by the types of their parameters.
//
//	assets.New("orders", FetchOrders)      // func(ctx context.Context, api *Client) (Orders, error)
//	assets.New("revenue", ComputeRevenue)  // func(orders Orders, db *Warehouse) (Revenue, error)
//
// No second annotation tells inputs from resources: types do. [NewGraph]
// checks everything at once, before anything runs. A [Selection] of the graph
// becomes a [Plan], which is pure data: package runs executes it. Each step's
// function is bound by an fx.Invoke of the run's child container.
//
// The package imports container and knows nothing of storage or of runs. Next:
// package iomanagers, which stores values, and package runs.
package assets

// Package assets turns functions into assets. An asset is a named, stored value.
// The types of a function's parameters say which other assets and which
// resources of a container the function needs.
//
//	assets.New("orders", FetchOrders)      // func(ctx context.Context, api *Client) (Orders, error)
//	assets.New("revenue", ComputeRevenue)  // func(orders Orders, db *Warehouse) (Revenue, error)
//
// The types tell inputs from resources, so no further annotation is needed.
// [NewGraph] checks everything before anything runs, and reports all faults
// together. A [Selection] of the graph becomes a [Plan]. A plan is pure data, and
// package runs executes it. The child container of the run finds the arguments of
// the function of each step.
//
// The package imports container and rows. It does not know storage or runs. Read next:
// package iomanagers, which stores values, and package runs.
package assets

window.BENCHMARK_DATA = {
 "lastUpdate": 1709294500000,
 "repoUrl": "https://example.org/repo",
 "entries": {
  "Go": [
   {
    "commit": {
     "author": {
      "name": "",
      "username": "",
      "email": ""
     },
     "committer": {
      "name": "",
      "username": "",
      "email": ""
     },
     "distinct": true,
     "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "message": "first",
     "timestamp": "2024-03-01T12:00:00+00:00",
     "tree_id": "0000000000000000000000000000000000000000",
     "url": "https://example.org/commit/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    },
    "date": 1709294100000,
    "tool": "go",
    "benches": [
     {
      "name": "BenchmarkFib",
      "value": 300,
      "unit": "ns/op",
      "extra": "1 times\n4 procs"
     }
    ]
   },
   {
    "commit": {
     "author": {
      "name": "",
      "username": "",
      "email": ""
     },
     "committer": {
      "name": "",
      "username": "",
      "email": ""
     },
     "distinct": true,
     "id": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
     "message": "second",
     "timestamp": "2024-03-01T12:00:00+00:00",
     "tree_id": "0000000000000000000000000000000000000000",
     "url": "https://example.org/commit/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    },
    "date": 1709294200000,
    "tool": "go",
    "benches": [
     {
      "name": "BenchmarkFib",
      "value": 310.5,
      "unit": "ns/op\t         4.000 widgets",
      "extra": "1 times\n4 procs"
     }
    ]
   },
   {
    "commit": {
     "author": {
      "name": "",
      "username": "",
      "email": ""
     },
     "committer": {
      "name": "",
      "username": "",
      "email": ""
     },
     "distinct": true,
     "id": "cccccccccccccccccccccccccccccccccccccccc",
     "message": "third",
     "timestamp": "2024-03-01T12:00:00+00:00",
     "tree_id": "0000000000000000000000000000000000000000",
     "url": "https://example.org/commit/cccccccccccccccccccccccccccccccccccccccc"
    },
    "date": 1709294300000,
    "tool": "go",
    "benches": [
     {
      "name": "BenchmarkFib",
      "value": 333,
      "unit": "ns/op"
     }
    ]
   },
   {
    "commit": {
     "author": {
      "name": "",
      "username": "",
      "email": ""
     },
     "committer": {
      "name": "",
      "username": "",
      "email": ""
     },
     "distinct": true,
     "id": "cccccccccccccccccccccccccccccccccccccccc",
     "message": "third",
     "timestamp": "2024-03-01T12:00:00+00:00",
     "tree_id": "0000000000000000000000000000000000000000",
     "url": "https://example.org/commit/cccccccccccccccccccccccccccccccccccccccc"
    },
    "date": 1709294400000,
    "tool": "go",
    "benches": [
     {
      "name": "BenchmarkFib",
      "value": 320.25,
      "unit": "ns/op\t         4.000 widgets"
     },
     {
      "name": "BenchmarkCopy",
      "value": 12.5,
      "unit": "MB/s"
     }
    ]
   }
  ],
  "Size": [
   {
    "commit": {
     "author": {
      "name": "",
      "username": "",
      "email": ""
     },
     "committer": {
      "name": "",
      "username": "",
      "email": ""
     },
     "distinct": true,
     "id": "cccccccccccccccccccccccccccccccccccccccc",
     "message": "third",
     "timestamp": "2024-03-01T12:00:00+00:00",
     "tree_id": "0000000000000000000000000000000000000000",
     "url": "https://example.org/commit/cccccccccccccccccccccccccccccccccccccccc"
    },
    "date": 1709294350000,
    "tool": "customBiggerIsBetter",
    "benches": [
     {
      "name": "room left",
      "value": 2,
      "unit": "Megabytes"
     },
     {
      "name": "score",
      "value": 17,
      "unit": "points",
      "range": "\u00b1 3"
     }
    ]
   }
  ]
 }
};

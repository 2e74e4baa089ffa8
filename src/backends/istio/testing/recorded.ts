/** What ztunnel, Envoy, HAProxy and istioctl of Istio 1.31.0-rc.0 said on two kind clusters; shortened. */

export const clientClosed = String.raw`2026-11-23T02:01:56.781766499Z 2026-11-23T02:01:56.781130Z	info	access	connection complete	src.addr=10.10.0.7:56968 src.workload="client" src.namespace="t-ambient" src.identity="spiffe://cluster.local/ns/t-ambient/sa/default" src.cluster="c1" dst.addr=172.18.0.4:15008 dst.hbone_addr=echo.t-ambient.svc.cluster.local:8080 dst.service="echo.t-ambient.svc.cluster.local" dst.workload="echo" dst.namespace="t-ambient" dst.identity="spiffe://cluster.local/ns/t-ambient/sa/default" dst.cluster="c2" direction="outbound" bytes_sent=2003320 bytes_recv=6640 duration="8475ms"`

export const serverClosed = String.raw`2026-11-23T02:01:56.780692989Z 2026-11-23T02:01:56.780138Z	info	access	connection complete	src.addr=10.20.0.8:45764 src.workload="client" src.namespace="t-ambient" src.identity="spiffe://cluster.local/ns/t-ambient/sa/default" src.cluster="c1" dst.addr=10.20.0.7:15008 dst.hbone_addr=echo.t-ambient.svc.cluster.local:8080 dst.service="echo.t-ambient.svc.cluster.local" dst.workload="echo" dst.namespace="t-ambient" dst.identity="spiffe://cluster.local/ns/t-ambient/sa/default" dst.cluster="c2" direction="inbound" bytes_sent=6640 bytes_recv=2003320 duration="8465ms"`

export const clientClosedDirect = String.raw`2026-11-23T02:02:52.361715671Z 2026-11-23T02:02:52.361547Z	info	access	connection complete	src.addr=10.10.0.7:59246 src.workload="client" src.namespace="t-ambient" src.identity="spiffe://cluster.local/ns/t-ambient/sa/default" src.cluster="c1" dst.addr=10.20.0.7:15008 dst.hbone_addr=10.20.0.7:8080 dst.service="echo.t-ambient.svc.cluster.local" dst.workload="echo" dst.namespace="t-ambient" dst.identity="spiffe://cluster.local/ns/t-ambient/sa/default" dst.cluster="c2" direction="outbound" bytes_sent=2003320 bytes_recv=6640 duration="7992ms"`

export const ztunnelDump = String.raw`{
 "config": {
  "network": "east",
  "clusterId": "c1",
  "numWorkerThreads": 2
 },
 "version": {
  "version": "1.31.0-rc.0"
 },
 "workloads": [
  {
   "canonicalName": "client",
   "canonicalRevision": "latest",
   "capacity": 1,
   "clusterId": "c1",
   "name": "client",
   "namespace": "t-ambient",
   "network": "east",
   "networkMode": "Standard",
   "node": "c1-control-plane",
   "protocol": "HBONE",
   "serviceAccount": "default",
   "status": "Healthy",
   "trustDomain": "cluster.local",
   "uid": "c1//Pod/t-ambient/client",
   "workloadIps": [
    "10.10.0.7"
   ],
   "workloadName": "client",
   "workloadType": "pod"
  },
  {
   "capacity": 1,
   "clusterId": "c2",
   "name": "west/SplitHorizonWorkload/istio-system/istio-eastwestgateway/172.18.0.4/t-ambient/echo.t-ambient.svc.cluster.local",
   "namespace": "t-ambient",
   "network": "west",
   "networkGateway": {
    "destination": "west/172.18.0.4",
    "hboneMtlsPort": 15008
   },
   "networkMode": "Standard",
   "protocol": "HBONE",
   "serviceAccount": "default",
   "services": [
    "t-ambient/echo.t-ambient.svc.cluster.local"
   ],
   "status": "Healthy",
   "trustDomain": "cluster.local",
   "uid": "west/SplitHorizonWorkload/istio-system/istio-eastwestgateway/172.18.0.4/t-ambient/echo.t-ambient.svc.cluster.local",
   "workloadIps": [],
   "workloadType": "pod"
  }
 ],
 "services": [
  {
   "canonical": true,
   "endpoints": {
    "west/SplitHorizonWorkload/istio-system/istio-eastwestgateway/172.18.0.4/t-ambient/echo.t-ambient.svc.cluster.local": {
     "port": {
      "8080": 8080
     },
     "status": "Healthy",
     "workloadUid": "west/SplitHorizonWorkload/istio-system/istio-eastwestgateway/172.18.0.4/t-ambient/echo.t-ambient.svc.cluster.local"
    }
   },
   "hostname": "echo.t-ambient.svc.cluster.local",
   "ipFamilies": "IPv4",
   "name": "echo",
   "namespace": "t-ambient",
   "ports": {
    "8080": 8080
   },
   "subjectAltNames": [
    "spiffe://cluster.local/ns/t-ambient/sa/default"
   ],
   "vips": [
    "east/10.255.10.77",
    "west/10.255.20.200"
   ],
   "visibility": "Public"
  }
 ],
 "certificates": [],
 "policies": [],
 "workloadState": {
  "b53a68a6-9686-4c36-92c8-a2d1244ca6f7": {
   "connections": {
    "inbound": [],
    "outbound": [
     {
      "actualDst": "172.18.0.4:15008",
      "originalDst": "10.255.10.77:8080",
      "protocol": "DOUBLEHBONE",
      "src": "10.10.0.7:56968"
     }
    ]
   },
   "info": {
    "name": "client",
    "namespace": "t-ambient",
    "serviceAccount": "default"
   },
   "state": "Up"
  }
 }
}`

export const envoyClusters = String.raw`{
 "cluster_statuses": [
  {
   "name": "prometheus_stats",
   "host_statuses": [
    {
     "address": {
      "socket_address": {
       "address": "127.0.0.1",
       "port_value": 15000
      }
     },
     "stats": [
      {
       "name": "cx_connect_fail"
      },
      {
       "name": "cx_total"
      },
      {
       "name": "rq_error"
      },
      {
       "name": "rq_success"
      },
      {
       "name": "rq_timeout"
      },
      {
       "name": "rq_total"
      },
      {
       "type": "GAUGE",
       "name": "cx_active"
      },
      {
       "type": "GAUGE",
       "name": "rq_active"
      },
      {
       "type": "GAUGE",
       "name": "rq_pending_active"
      }
     ],
     "health_status": {
      "eds_health_status": "HEALTHY"
     },
     "weight": 1,
     "locality": {}
    }
   ],
   "observability_name": "prometheus_stats;"
  },
  {
   "name": "forward_inner_connect",
   "added_via_api": true,
   "host_statuses": [
    {
     "address": {
      "socket_address": {
       "address": "10.20.0.7",
       "port_value": 15008
      }
     },
     "stats": [
      {
       "name": "cx_connect_fail"
      },
      {
       "value": "2",
       "name": "cx_total"
      },
      {
       "name": "rq_error"
      },
      {
       "name": "rq_success"
      },
      {
       "name": "rq_timeout"
      },
      {
       "value": "2",
       "name": "rq_total"
      },
      {
       "type": "GAUGE",
       "value": "1",
       "name": "cx_active"
      },
      {
       "type": "GAUGE",
       "value": "1",
       "name": "rq_active"
      },
      {
       "type": "GAUGE",
       "name": "rq_pending_active"
      }
     ],
     "health_status": {
      "eds_health_status": "HEALTHY"
     },
     "weight": 1,
     "hostname": "forward_inner_connect10.20.0.7:15008",
     "locality": {}
    },
    {
     "address": {
      "socket_address": {
       "address": "10.20.0.9",
       "port_value": 15008
      }
     },
     "stats": [
      {
       "name": "cx_connect_fail"
      },
      {
       "name": "cx_total"
      },
      {
       "name": "rq_error"
      },
      {
       "name": "rq_success"
      },
      {
       "name": "rq_timeout"
      },
      {
       "name": "rq_total"
      },
      {
       "type": "GAUGE",
       "name": "cx_active"
      },
      {
       "type": "GAUGE",
       "name": "rq_active"
      },
      {
       "type": "GAUGE",
       "name": "rq_pending_active"
      }
     ],
     "health_status": {
      "eds_health_status": "HEALTHY"
     },
     "weight": 1,
     "hostname": "forward_inner_connect10.20.0.7:15008",
     "locality": {}
    }
   ],
   "observability_name": "forward_inner_connect;"
  }
 ]
}`

export const haproxySessions = String.raw`0x55fad736bb70: proto=tcpv4 src=172.17.0.1:45798 fe=hbone be=gateway srv=node ts=00 epoch=0 age=1s calls=2 rate=1 cpu=0 lat=0 rq[f=808000h,i=0,an=00h,rx=59m58s,wx=,ax=] rp[f=80008000h,i=0,an=00h,rx=59m58s,wx=,ax=] scf=[8,0h,fd=13] scb=[8,1h,fd=14] exp=3s rc=0 c_exp=
0x7fc7bc039b60: proto=tcpv4 src=172.17.0.1:40670 fe=GLOBAL be=<NONE> srv=<none> ts=00 epoch=0 age=0s calls=1 rate=1 cpu=0 lat=0 rq[f=c08002h,i=0,an=00h,rx=10s,wx=,ax=] rp[f=80008002h,i=0,an=00h,rx=,wx=,ax=] scf=[8,0h,fd=16] scb=[8,1h,fd=-1] exp=9s rc=0 c_exp=

`

export const remoteClustersTable = String.raw`NAME     SECRET                                  STATUS     ISTIOD                      REVISION
c1                                               synced     istiod-5d8478b48b-hfhdc     default
c2       istio-system/istio-remote-secret-c2     timeout    istiod-5d8478b48b-hfhdc     default
`

export const byteCounters = String.raw`# TYPE istio_tcp_connections_opened counter
istio_tcp_connections_opened_total{reporter="source",source_workload="client-east-n1",source_canonical_service="client-east-n1",source_canonical_revision="latest",source_workload_namespace="hopmeter",source_principal="spiffe://cluster.local/ns/hopmeter/sa/client-east-n1",source_app="client-east-n1",source_version="latest",source_cluster="east",destination_service="server-west-n1.hopmeter.svc.cluster.local",destination_service_namespace="hopmeter",destination_service_name="server-west-n1",destination_workload="server-west-n1",destination_canonical_service="server-west-n1",destination_canonical_revision="latest",destination_workload_namespace="hopmeter",destination_principal="spiffe://cluster.local/ns/hopmeter/sa/server-west-n1",destination_app="server-west-n1",destination_version="latest",destination_cluster="west",request_protocol="tcp",response_flags="-",connection_security_policy="mutual_tls",source_region="unknown",source_zone="unknown",destination_region="unknown",destination_zone="unknown"} 2
# TYPE istio_tcp_connections_closed counter
istio_tcp_connections_closed_total{reporter="source",source_workload="client-east-n1",source_canonical_service="client-east-n1",source_canonical_revision="latest",source_workload_namespace="hopmeter",source_principal="spiffe://cluster.local/ns/hopmeter/sa/client-east-n1",source_app="client-east-n1",source_version="latest",source_cluster="east",destination_service="server-west-n1.hopmeter.svc.cluster.local",destination_service_namespace="hopmeter",destination_service_name="server-west-n1",destination_workload="server-west-n1",destination_canonical_service="server-west-n1",destination_canonical_revision="latest",destination_workload_namespace="hopmeter",destination_principal="spiffe://cluster.local/ns/hopmeter/sa/server-west-n1",destination_app="server-west-n1",destination_version="latest",destination_cluster="west",request_protocol="tcp",response_flags="-",connection_security_policy="mutual_tls",source_region="unknown",source_zone="unknown",destination_region="unknown",destination_zone="unknown"} 2
# TYPE istio_tcp_received_bytes counter
istio_tcp_received_bytes_total{reporter="source",source_workload="client-east-n1",source_canonical_service="client-east-n1",source_canonical_revision="latest",source_workload_namespace="hopmeter",source_principal="spiffe://cluster.local/ns/hopmeter/sa/client-east-n1",source_app="client-east-n1",source_version="latest",source_cluster="east",destination_service="server-west-n1.hopmeter.svc.cluster.local",destination_service_namespace="hopmeter",destination_service_name="server-west-n1",destination_workload="server-west-n1",destination_canonical_service="server-west-n1",destination_canonical_revision="latest",destination_workload_namespace="hopmeter",destination_principal="spiffe://cluster.local/ns/hopmeter/sa/server-west-n1",destination_app="server-west-n1",destination_version="latest",destination_cluster="west",request_protocol="tcp",response_flags="-",connection_security_policy="mutual_tls",source_region="unknown",source_zone="unknown",destination_region="unknown",destination_zone="unknown"} 38943
# TYPE istio_tcp_sent_bytes counter
istio_tcp_sent_bytes_total{reporter="source",source_workload="client-east-n1",source_canonical_service="client-east-n1",source_canonical_revision="latest",source_workload_namespace="hopmeter",source_principal="spiffe://cluster.local/ns/hopmeter/sa/client-east-n1",source_app="client-east-n1",source_version="latest",source_cluster="east",destination_service="server-west-n1.hopmeter.svc.cluster.local",destination_service_namespace="hopmeter",destination_service_name="server-west-n1",destination_workload="server-west-n1",destination_canonical_service="server-west-n1",destination_canonical_revision="latest",destination_workload_namespace="hopmeter",destination_principal="spiffe://cluster.local/ns/hopmeter/sa/server-west-n1",destination_app="server-west-n1",destination_version="latest",destination_cluster="west",request_protocol="tcp",response_flags="-",connection_security_policy="mutual_tls",source_region="unknown",source_zone="unknown",destination_region="unknown",destination_zone="unknown"} 41522
# TYPE istio_tcp_sockets_open gauge
istio_tcp_sockets_open{reporter="source"} 0
# EOF
`

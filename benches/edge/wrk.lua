-- The host of the URL is what the connection asks for; where it goes is always this machine.
function wrk.resolve(_, service)
   wrk.addrs = wrk.lookup("127.0.0.1", service)
end

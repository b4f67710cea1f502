using System.Net;
using System.Net.Sockets;

namespace Dftp.Ftp.Data;

/// <summary>
/// Listens for one connection from the peer of the control connection. Connections from other addresses are closed unread.
/// </summary>
internal sealed class PassiveEndpoint : DataEndpoint
{
    /// <summary>More than one, so that a stranger who connects first does not block the client.</summary>
    private const int Backlog = 16;

    /// <summary>
    /// RFC 6335, section 6: the dynamic ports. A random one is tried, because the search of Linux for a free port takes a millisecond or
    /// more once thousands of ports are in TIME_WAIT; a port in that state can still be bound by number.
    /// </summary>
    private static readonly PortRange DynamicPorts = new(49152, 65535);

    /// <summary>With two thirds of the ports in use, one search in a hundred fails.</summary>
    private const int MaxDynamicAttempts = 12;

    private static int _nextPort = Random.Shared.Next();

    private readonly Socket _listener;
    private readonly IPAddress _peer;
    private bool _hasServed;
    private bool _isDisposed;

    private PassiveEndpoint(IPAddress local, int port, IPAddress peer)
    {
        _listener = Listen(local, port);
        _peer = peer;
        Port = port > 0 ? port : ((IPEndPoint)_listener.LocalEndPoint!).Port;
    }

    public int Port { get; }

    /// <param name="local">The address that the client reached.</param>
    /// <param name="peer">The only address that may connect.</param>
    /// <param name="ports">Null for any free port.</param>
    /// <exception cref="SocketException">No port is free.</exception>
    public static PassiveEndpoint Open(IPAddress local, IPAddress peer, PortRange? ports)
    {
        if (ports is not { } range) return OpenDynamic(local, peer);

        // Round robin: a port that was just closed is reused last, and a full range costs one round.
        for (var attempt = 1; ; attempt++)
        {
            var port = range.Low + (int)((uint)Interlocked.Increment(ref _nextPort) % range.Count);
            try
            {
                return new PassiveEndpoint(local, port, peer);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse && attempt < range.Count)
            {
                // Try the next one.
            }
        }
    }

    public override async Task<DataConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var socket = await _listener.AcceptAsync(cancellationToken);
            if (!IsPeer(socket))
            {
                Refuse(socket);
                continue;
            }

            _hasServed = true;
            return new DataConnection(socket);
        }
    }

    /// <summary>
    /// Closing a listening socket resets the connections in its queue. A client that has connected already sees the end of the stream
    /// instead. After the client was served, only strangers can be in the queue.
    /// </summary>
    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true)) return;
        using (_listener)
        {
            if (_hasServed) return;
            try
            {
                _listener.Blocking = false;
                for (var waiting = 0; waiting < Backlog && _listener.Poll(0, SelectMode.SelectRead); waiting++) Refuse(_listener.Accept());
            }
            catch (SocketException)
            {
                // The waiting client has disconnected.
            }
        }
    }

    private static PassiveEndpoint OpenDynamic(IPAddress local, IPAddress peer)
    {
        for (var attempt = 0; attempt < MaxDynamicAttempts; attempt++)
        {
            try
            {
                return new PassiveEndpoint(local, Random.Shared.Next(DynamicPorts.Low, DynamicPorts.High + 1), peer);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Try another one.
            }
        }

        return new PassiveEndpoint(local, 0, peer);
    }

    private static Socket Listen(IPAddress local, int port)
    {
        var listener = new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(local, port));
            listener.Listen(Backlog);
            return listener;
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    private static void Refuse(Socket socket) => new DataConnection(socket).Dispose();

    private bool IsPeer(Socket socket)
    {
        try
        {
            return socket.RemoteEndPoint is IPEndPoint remote && remote.Address.Equals(_peer);
        }
        catch (SocketException)
        {
            // The connection was reset before it was accepted.
            return false;
        }
    }
}

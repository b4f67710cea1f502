using System.Net;
using System.Net.Sockets;

namespace Dftp.Ftp.Data;

/// <summary>A listening socket for one connection of the control connection's peer; what anyone else opens is closed unread.</summary>
internal sealed class PassiveEndpoint : DataEndpoint
{
    /// <summary>More than one, so that a stranger who connects first does not keep the client out.</summary>
    private const int Backlog = 16;

    /// <summary>
    /// RFC 6335, section 6: the ports that nobody is assigned. One is tried at random, because Linux' own search for a free port takes
    /// a millisecond and more once thousands of ports rest after their connections; bound by its number such a port is free.
    /// </summary>
    private static readonly PortRange DynamicPorts = new(49152, 65535);

    /// <summary>Two listeners in three would have to be taken already for one search in a hundred to end in vain.</summary>
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
    /// <param name="ports">Null lets the operating system choose.</param>
    /// <exception cref="SocketException">No port is free.</exception>
    public static PassiveEndpoint Open(IPAddress local, IPAddress peer, PortRange? ports)
    {
        if (ports is not { } range) return OpenDynamic(local, peer);

        // Ports take turns, so that one that was just closed rests, and a full range costs one round.
        for (var attempt = 1; ; attempt++)
        {
            var port = range.Low + (int)((uint)Interlocked.Increment(ref _nextPort) % range.Count);
            try
            {
                return new PassiveEndpoint(local, port, peer);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse && attempt < range.Count)
            {
                // The next one, then.
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
    /// Closing a listening socket resets what waits in its queue. A client that has connected already, and whose command was
    /// refused, is to see the end of the stream instead. Once it was served only strangers can wait there.
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
                // Who waited has gone.
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
                // Another one, then.
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
            // It was reset before it was accepted.
            return false;
        }
    }
}

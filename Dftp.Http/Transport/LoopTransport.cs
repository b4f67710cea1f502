using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Dftp.Http.Transport;

/// <summary>
/// The server's transport for plain HTTP, on an event loop of our own (Linux); elsewhere it takes no endpoint, and the server's own does.
/// </summary>
/// <param name="endPoints">The very objects that the server is told to listen on.</param>
/// <param name="createListener">Makes the bound socket of one.</param>
/// <param name="loggers">Where it says what it could not accept.</param>
public sealed class LoopTransport(IReadOnlyCollection<EndPoint> endPoints, Func<EndPoint, Socket> createListener, ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private const int Backlog = 512;

    private readonly ILogger _log = loggers.CreateLogger<LoopTransport>();

    public bool CanBind(EndPoint endpoint) => LoopSocket.IsAvailable && endPoints.Any(ours => ReferenceEquals(ours, endpoint));

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var socket = createListener(endpoint);
        socket.Listen(Backlog);
        return new(new Listener(socket, _log));
    }

    private sealed class Listener(Socket socket, ILogger log) : IConnectionListener
    {
        private static readonly TimeSpan RoomPause = TimeSpan.FromSeconds(0.2);
        private static long _lastId;

        private volatile bool _isClosed;

        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                Socket accepted;
                try
                {
                    accepted = await socket.AcceptAsync(cancellationToken);
                }
                catch (ObjectDisposedException)
                {
                    return null;
                }
                catch (SocketException failure)
                {
                    if (_isClosed) return null;
                    // Otherwise the client has left before it was let in.
                    if (failure.SocketErrorCode == SocketError.TooManyOpenSockets) await WaitForRoomAsync(failure.Message, cancellationToken);
                    continue;
                }

                try
                {
                    accepted.NoDelay = true;
                    return new LoopConnection(string.Create(CultureInfo.InvariantCulture, $"L{Interlocked.Increment(ref _lastId):X}"), accepted);
                }
                catch (SocketException failure)
                {
                    accepted.Dispose();
                    if (failure.SocketErrorCode == SocketError.NoBufferSpaceAvailable) await WaitForRoomAsync(failure.Message, cancellationToken);
                }
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

        public ValueTask DisposeAsync()
        {
            _isClosed = true;
            socket.Dispose();
            return default;
        }

        /// <summary>Others have to leave first. Trying again at once would only take their time.</summary>
        private Task WaitForRoomAsync(string reason, CancellationToken cancellationToken)
        {
            Log.ConnectionNotAccepted(log, reason);
            return Task.Delay(RoomPause, cancellationToken);
        }
    }
}

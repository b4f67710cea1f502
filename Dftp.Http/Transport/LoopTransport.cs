using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Dftp.Http.Operation;
using Dftp.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Dftp.Http.Transport;

/// <summary>
/// The server's transport for plain HTTP on this program's event loops (Linux). On other systems it declines every endpoint, and
/// the server's own transport takes over.
/// </summary>
/// <param name="endPoints">The objects that the server listens on, compared by reference.</param>
/// <param name="createListener">Creates the bound socket of an endpoint.</param>
/// <param name="loggers">For connections that could not be accepted.</param>
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
        /// <summary>Between two attempts after successive failures: doubled up to the maximum.</summary>
        private static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(5), MaxPause = TimeSpan.FromMilliseconds(200);

        private static long _lastId;

        private readonly LogThrottle _failures = new(TimeProvider.System);
        private TimeSpan _pause = MinPause;
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
                    // A client that left before it was accepted is not a failure; it is no longer in the queue.
                    if (failure.SocketErrorCode is not (SocketError.ConnectionAborted or SocketError.ConnectionReset))
                        await BackOffAsync(failure, cancellationToken);
                    continue;
                }

                try
                {
                    accepted.NoDelay = true;
                    var id = string.Create(CultureInfo.InvariantCulture, $"L{Interlocked.Increment(ref _lastId):X}");
                    var connection = new LoopConnection(id, accepted, TimeProvider.System);
                    _pause = MinPause;
                    return connection;
                }
                catch (SocketException failure)
                {
                    accepted.Dispose();
                    if (failure.SocketErrorCode == SocketError.NoBufferSpaceAvailable) await BackOffAsync(failure, cancellationToken);
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

        /// <summary>Most failures persist (too many open files): an immediate retry would only waste processor time.</summary>
        private async Task BackOffAsync(SocketException failure, CancellationToken cancellationToken)
        {
            if (_failures.TryEnter()) Log.ConnectionNotAccepted(log, failure.Message);
            var pause = failure.SocketErrorCode == SocketError.TooManyOpenSockets ? MaxPause : _pause;
            _pause = pause * 2 > MaxPause ? MaxPause : pause * 2;
            await Task.Delay(pause, TimeProvider.System, cancellationToken);
        }
    }
}

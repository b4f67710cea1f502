using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Text;
using Dftp.FileSystem;
using Dftp.Http.FastPath;
using Dftp.Http.Operation;
using Dftp.Http.Transport;
using Dftp.Routes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dftp.Http;

/// <summary>The HTTP interfaces of a node. The composition root puts them into a server by the methods below.</summary>
public sealed class HttpFrontEnd
{
    /// <summary>
    /// The longest path, fully percent-encoded, with room for the method, the host of an absolute target and a query.
    /// </summary>
    private const int MaxRequestLine = 3 * VirtualPath.MaxPathBytes + 4096;

    private readonly RequestDispatcher _dispatcher;
    private readonly HttpConnections _connections;
    private readonly SmallFileResponder? _publicFiles, _peersFiles;
    private readonly DiagnosticSource _refused;

    /// <param name="tree">The merged tree.</param>
    /// <param name="localTree">
    /// The local files of this node. It answers requests that another node forwards (their query has <c>redirN</c>), so that nodes
    /// never forward in a circle.
    /// </param>
    /// <param name="options">The facts of this node for the pages, and its clock.</param>
    /// <param name="more">Routes of other components.</param>
    /// <param name="managementCheck">Decides who may on the management interface; not asked for open routes. Null: anybody may.</param>
    /// <param name="maxConnections">The maximum of connections at once. As many again get a 503; further ones are reset.</param>
    /// <param name="meter">Gets the instruments.</param>
    /// <param name="loggers">For failed requests and refused connections.</param>
    public HttpFrontEnd(
        IFileTree tree, IFileTree localTree, HttpOptions options, IEnumerable<Route> more, RouteCheck? managementCheck,
        int maxConnections, Meter meter, ILoggerFactory loggers)
    {
        var log = loggers.CreateLogger<HttpFrontEnd>();
        var metrics = new HttpMetrics(meter);
        var accessLog = options.AccessLog is { } write ? new AccessLog(write, options.Time) : null;
        Routes = new RouteTable([.. new TreeRoutes(tree, localTree, options, log).All(), .. more]);
        _dispatcher = new RequestDispatcher(Routes, managementCheck, metrics, accessLog, log);
        _refused = new RefusedRequests(Routes, metrics, accessLog, options.Time);
        // The access log and traces are made by the server's pipeline: with either, every request has to pass it.
        var isOfAnyone = options.PrincipalOf is null || options.Anonymous is not null;
        if (accessLog is null && !options.RequestsAreTraced && isOfAnyone)
        {
            _publicFiles = new SmallFileResponder(tree, localTree, options, metrics, _dispatcher.FilesMetrics, log);
            // A request that has to be checked has to pass the pipeline too.
            if (managementCheck is null)
                _peersFiles = new SmallFileResponder(null, localTree, options, metrics, _dispatcher.FilesMetrics, log);
        }

        _connections = new HttpConnections(maxConnections, options.Time, metrics, log);
    }

    /// <summary>All routes of both interfaces.</summary>
    public RouteTable Routes { get; }

    /// <summary>
    /// Kestrel's limits as every path of a tree needs them. Kestrel's own are kept for the rest: 100 headers of 32 KiB in all, 30 s for
    /// them to come, 130 s between two requests.
    /// </summary>
    public static void SetLimits(KestrelServerOptions server)
    {
        // Each stream can keep a block that its client does not read; Kestrel's default is 100 streams.
        server.Limits.Http2.MaxStreamsPerConnection = 32;
        server.Limits.MaxRequestLineSize = Math.Max(server.Limits.MaxRequestLineSize, MaxRequestLine);
        server.AddServerHeader = false;
        // RFC 9110, 5.5: bytes beyond ASCII in a value are opaque. Kestrel's default, UTF-8, refuses a request for one byte in a field
        // that nobody reads.
        server.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        // RFC 9112, 3.2.2: with a target in absolute-form "the origin server MUST ignore the received Host header field".
        server.AllowHostHeaderOverride = true;
    }

    /// <summary>Gives a sentence to requests that the server refuses by itself. Call it before the server is built.</summary>
    public void AddTo(IServiceCollection services) => services.AddSingleton(_refused);

    /// <summary>Serves the tree on an endpoint: HTTP/1.1, and by TLS HTTP/2 too.</summary>
    /// <param name="listen">The endpoint.</param>
    /// <param name="tls">The server's side of TLS, without protocols of its own; null: in the clear.</param>
    public void Serve(ListenOptions listen, SslServerAuthenticationOptions? tls = null)
    {
        listen.Use(next => connection => _connections.BeginAsync(next, connection));
        listen.Use(next => connection => _connections.LimitConnectionsAsync(next, connection, isTls: tls is not null));
        if (tls is null)
        {
            listen.Protocols = HttpProtocols.Http1;
        }
        else
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            UseTls(listen, tls, SslApplicationProtocol.Http2, SslApplicationProtocol.Http11);
        }

        listen.Use(next => connection => _connections.InstrumentAsync(next, connection, _publicFiles));
    }

    /// <summary>
    /// Serves the management interface on an endpoint, by HTTP/1.1. Clients of the public interfaces do not count against its connections.
    /// </summary>
    /// <param name="listen">The endpoint.</param>
    /// <param name="tls">
    /// The server's side of TLS. Connections in the clear are served too, because legacy nodes know nothing else: the check decides what
    /// they may. Null: all connections are in the clear.
    /// </param>
    public void ServeManagement(ListenOptions listen, SslServerAuthenticationOptions? tls = null)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection =>
        {
            connection.Features.Set(ManagementConnection.Mark);
            return next(connection);
        });
        if (tls is null)
        {
            listen.Use(next => connection => _connections.BeginAsync(next, connection));
            listen.Use(next => connection => _connections.InstrumentAsync(next, connection, _peersFiles));
            return;
        }

        // The pipeline is built from its end, so the part after TLS is known when the part before it is.
        ConnectionDelegate afterTls = null!;
        listen.Use(next => connection => FirstByte.BranchAsync(
            connection,
            tls: () => _connections.BeginAsync(next, connection, isTls: true),
            clear: () => _connections.BeginAsync(afterTls, connection)));
        UseTls(listen, tls, SslApplicationProtocol.Http11);
        listen.Use(next => afterTls = connection => _connections.InstrumentAsync(next, connection, responder: null));
    }

    private static void UseTls(ListenOptions listen, SslServerAuthenticationOptions tls, params List<SslApplicationProtocol> protocols)
    {
        var options = new SslServerAuthenticationOptions
        {
            ServerCertificateContext = tls.ServerCertificateContext,
            EnabledSslProtocols = tls.EnabledSslProtocols,
            ApplicationProtocols = protocols,
        };
        listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => new(options) });
    }

    /// <summary>Answers every request that reaches this end of the pipeline.</summary>
    /// <param name="app">The pipeline; nothing after this is reached.</param>
    public void Map(IApplicationBuilder app) => app.Run(_dispatcher.AnswerAsync);
}

namespace Dftp.Node;

/// <summary>How an interface is served.</summary>
internal enum InterfaceKind
{
    Http,
    Https,
    Management,
    Ftp,
    Ftps,
}

/// <summary>An interface that is switched on.</summary>
/// <param name="Kind">How it is served.</param>
/// <param name="Name">For the log.</param>
/// <param name="Option">The option that gives its address.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="NeedsCertificate">Whether it can speak TLS.</param>
/// <param name="IsOnEventLoop">Whether its connections are served by the event loop; otherwise by the framework's sockets.</param>
internal sealed record NodeInterface(
    InterfaceKind Kind, string Name, string Option, ListenAddress Address, bool NeedsCertificate = false, bool IsOnEventLoop = false)
{
    /// <summary>The interfaces of a node, in the order in which they open.</summary>
    public static IEnumerable<NodeInterface> Of(NodeOptions options)
    {
        if (options.HttpListen is { } http)
            yield return new(InterfaceKind.Http, "HTTP public", "--http-listen", http, IsOnEventLoop: true);
        if (options.HttpsListen is { } https)
            yield return new(InterfaceKind.Https, "HTTPS public", "--https-listen", https, NeedsCertificate: true);
        if (options.ManagementListen is { } management)
            yield return new(InterfaceKind.Management, "HTTP mgmt", "--http-mgmt-listen", management, IsOnEventLoop: true);
        if (options.FtpListen is { } ftp)
            yield return new(InterfaceKind.Ftp, "FTP public", "--ftp-listen", ftp, NeedsCertificate: true);
        if (options.FtpsListen is { } ftps)
            yield return new(InterfaceKind.Ftps, "FTPS public", "--ftps-listen", ftps, NeedsCertificate: true);
    }
}

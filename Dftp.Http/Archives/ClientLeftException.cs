namespace Dftp.Http.Archives;

/// <summary>The connection ended while an archive was written.</summary>
internal sealed class ClientLeftException() : IOException("the client has left");

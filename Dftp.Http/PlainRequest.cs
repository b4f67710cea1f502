using System.Net;
using Dftp.FileSystem;

namespace Dftp.Http;

/// <summary>A request that the fast path could answer, as input of the policy (<see cref="HttpOptions.AllowsFastPath"/>).</summary>
/// <param name="Path">The file.</param>
/// <param name="IsLocalOnly">Whether only the local copy is requested.</param>
/// <param name="Client">The client's address; null when unknown.</param>
public readonly record struct PlainRequest(VirtualPath Path, bool IsLocalOnly, IPAddress? Client);

using Dftp.Cluster.LocalFiles.Scanning;

namespace Dftp.Cluster.LocalFiles.Watching;

/// <summary>The source for systems without any notification of changes.</summary>
internal sealed class PollOnlySource(string reason) : EventSource
{
    public override long Watches => 0;

    public override void Start(EventSink sink)
    {
    }

    public override string? Watch(KnownDirectory directory, DirectoryReader reader) => reason;

    public override void Unwatch(KnownDirectory directory)
    {
    }

    public override void Dispose()
    {
    }
}

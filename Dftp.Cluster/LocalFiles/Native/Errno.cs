using System.Runtime.InteropServices;

namespace Dftp.Cluster.LocalFiles.Native;

/// <summary>The Linux error numbers that callers distinguish; they are the same on every architecture .NET runs on.</summary>
internal static class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int ENXIO = 6;
    public const int EAGAIN = 11;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int ENODEV = 19;
    public const int EXDEV = 18;
    public const int ENOTDIR = 20;
    public const int EINVAL = 22;
    public const int ENFILE = 23;
    public const int EMFILE = 24;
    public const int ENOSPC = 28;
    public const int ENAMETOOLONG = 36;
    public const int ENOSYS = 38;
    public const int ELOOP = 40;

    /// <summary>Nothing exists at the path, or the path does not lead there.</summary>
    public static bool IsAbsent(int errno) => errno is ENOENT or ENOTDIR or ELOOP or ENAMETOOLONG;

    /// <summary>The permissions of the path, or of a directory on it, deny access.</summary>
    public static bool IsForbidden(int errno) => errno is EACCES or EPERM;

    /// <summary>A temporary shortage of resources; it says nothing about the requested object.</summary>
    public static bool IsShortage(int errno) => errno is EMFILE or ENFILE or ENOMEM;

    /// <exception cref="IOException">The error is a shortage.</exception>
    public static void ThrowIfShortage(int errno)
    {
        // Without a path, so that a repeated failure has one message and is logged once.
        if (IsShortage(errno)) throw new IOException($"the system is short of resources: {Describe(errno)}", errno);
    }

    /// <summary>The operating system's message, starting with a small letter so that it can end a sentence.</summary>
    public static string Describe(int errno)
    {
        var text = Marshal.GetPInvokeErrorMessage(errno);
        return text.Length == 0 ? $"error {errno}" : char.ToLowerInvariant(text[0]) + text[1..];
    }
}
